"""Parameters of a run that costs little more than starting Kedro: the environment `tiny`."""

# Values only: every stage and every kind of model stays.
TINY = {
    "hearme": """
hearme:
  cuts: {fewest: 1, most: 1, enough_users: 20}
  fold_users: {training_others: 30}
  sources:
    implicit_als: {arguments: {factors: 8, iterations: 2}}
  modeling: {negatives_per_user: 30}
  rankers:
    lightgbm_fraction: {arguments: {rounds: 5, seeds: 1, min_data_in_leaf: 5}}
    xgboost_fraction: {arguments: {rounds: 5, max_depth: 3}}
    lightgbm_lambdarank: {arguments: {rounds: 5}}
  evaluation: {resamples: 200}
""",
    "echoes": """
echoes:
  data_processing: {embedding_length: 16}
  folds: {count: 3, repeat_until_rows: 0}
  shift: {folds: 3, resamples: 100}
  modeling: {pseudo_labels: {models: [logistic_both]}}
  models:
    logistic_image: {arguments: {inverse_penalty: 1.0}}
    logistic_text: {arguments: {inverse_penalty: 1.0}}
    logistic_both: {arguments: {inverse_penalty: 1.0}}
    logistic_interactions: {arguments: {inverse_penalty: 1.0}}
    low_rank_bilinear: {arguments: {seeds: 2, epochs: 3, components: 8}}
    svm_both: {enabled: false}
    early_fusion_mlp: {enabled: false}
    two_tower_concatenation: {enabled: false}
    two_tower_average: {enabled: false}
    contrastive_knn: {arguments: {seeds: 1, epochs: 2, components: 8}}
    random_forest: {enabled: false}
    xgboost: {enabled: false}
    lightgbm: {arguments: {rounds: 5, components: 8}}
  evaluation: {resamples: 200}
""",
    "amazon": """
amazon:
  images: {rules: {backoff_seconds: 0.01}}
  folds: {count_of_few: 3}
  features: {text: {components: 16, character_features: 0}, prices: {neighbours: [1, 5]}}
  models:
    fusion_network: {arguments: {seeds: 1, epochs: 2, hidden: 16}}
    lightgbm_l1: {arguments: {rounds: 10, patience: 5}}
    lightgbm_smape: {enabled: false}
    xgboost: {arguments: {rounds: 5, patience: 5}}
    random_forest: {enabled: false}
  evaluation: {resamples: 200}
""",
    "museum": """
museum:
  held_out: {most: 6, longest_side: 160}
  local_features: {longest_side: 160, most_keypoints: 200, shard_size: 7}
  encoders:
    vlad: {arguments: {words: 8, components: 16}}
    fisher: {arguments: {words: 4, components: 8, iterations: 5}}
  modeling: {dimensions: 16, shard_size: 9}
  neighbours: {shortlist: 3, words: 256, fewest_inliers: 12}
  evaluation: {resamples: 200, wall_queries: 4, most_map_images: 30}
""",
}
