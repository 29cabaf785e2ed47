"""Checkpoints of vision models with random weights, as small as configurations allow."""

import json
from pathlib import Path

NORMALISED = {
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.25, 0.3],
    "resample": 3,
}
_TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_MLP = {**_TINY, "intermediate_size": 48}


def _vit(transformers):
    return transformers.ViTModel(transformers.ViTConfig(**_MLP, image_size=32, patch_size=8))


def _dinov2(transformers):
    config = transformers.Dinov2WithRegistersConfig(
        **_TINY, image_size=32, patch_size=8, num_register_tokens=3, mlp_ratio=2
    )
    return transformers.Dinov2WithRegistersModel(config)


def _dinov3(transformers):
    config = transformers.DINOv3ViTConfig(
        **_MLP, image_size=32, patch_size=8, num_register_tokens=4
    )
    return transformers.DINOv3ViTModel(config)


def _dinov3_convnext(transformers):
    config = transformers.DINOv3ConvNextConfig(hidden_sizes=[8, 8, 16, 32], depths=[1, 1, 1, 1])
    return transformers.DINOv3ConvNextModel(config)


def _siglip(transformers):
    text = {**_MLP, "vocab_size": 40, "max_position_embeddings": 8}
    vision = {**_MLP, "image_size": 32, "patch_size": 8}
    return transformers.SiglipModel(
        transformers.SiglipConfig(text_config=text, vision_config=vision)
    )


def _siglip2(transformers):
    config = transformers.Siglip2VisionConfig(**_MLP, patch_size=8, num_patches=16)
    return transformers.Siglip2VisionModel(config)


def _clip(transformers):
    config = transformers.CLIPVisionConfig(**_MLP, image_size=32, patch_size=8)
    return transformers.CLIPVisionModel(config)


def _swin(transformers):
    config = transformers.SwinConfig(
        embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=2, image_size=32, patch_size=4
    )
    return transformers.SwinModel(config)


def _mobilenet(transformers):
    config = transformers.MobileNetV2Config(depth_multiplier=0.2, finegrained_output=False)
    return transformers.MobileNetV2Model(config)


def _resnet(transformers):
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 32], depths=[1, 1, 1, 1], layer_type="basic"
    )
    return transformers.ResNetModel(config)


def _convnext(transformers):
    config = transformers.ConvNextConfig(hidden_sizes=[8, 8, 16, 32], depths=[1, 1, 1, 1])
    return transformers.ConvNextModel(config)


BUILDERS = {
    "vit": _vit,
    "dinov2_with_registers": _dinov2,
    "dinov3_vit": _dinov3,
    "dinov3_convnext": _dinov3_convnext,
    "siglip": _siglip,
    "siglip2": _siglip2,
    "clip": _clip,
    "swin": _swin,
    "mobilenet_v2": _mobilenet,
    "resnet": _resnet,
    "convnext": _convnext,
}


def save_tiny_model(kind: str, folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint: config.json, preprocessor_config.json, model.safetensors."""
    import torch
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BUILDERS[kind](transformers).eval()
        # As they are drawn, deep networks pass next to nothing on.
        for weights in model.parameters():
            if weights.dim() > 1:
                torch.nn.init.xavier_normal_(weights, gain=1.5)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(NORMALISED))
    return folder
