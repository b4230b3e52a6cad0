# With mdwe (prctl_set_mdwe):
# PR_SET_MDWE exists.
requires: rule=mdwe

prctl(PR_GET_MDWE, 0, 0, 0, 0) = 0
