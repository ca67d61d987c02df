"""Running what `plan` wrote: working memory, agenda, truth maintenance, limits."""
