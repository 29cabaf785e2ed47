"""{{cookiecutter.title}}: a number for every row of a table."""
