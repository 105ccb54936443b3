import resource

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
payload = list(range(1_000))
raise ValueError("disk")
