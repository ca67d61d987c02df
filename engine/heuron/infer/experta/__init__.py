"""A knowledge base on experta's matcher and agenda: the extra `experta`."""
