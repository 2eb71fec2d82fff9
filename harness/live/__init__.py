"""Controllers at work on a model that is being served: the same seam, chains drawn as they go."""
