"""``leaksieve ci``: what a CI job is run for, told by the variables and files of its host.

Each host is a module with a function ``job(env)``; nothing here runs anything or reads the repository but ``run``.
"""
