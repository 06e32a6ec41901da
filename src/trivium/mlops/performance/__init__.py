"""How good a model version's predictions are where labels came: by class, by number, by score, by day."""
