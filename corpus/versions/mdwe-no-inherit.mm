# With mdwe-no-inherit (prctl_set_mdwe):
# PR_SET_MDWE knows PR_MDWE_NO_INHERIT.
requires: rule=mdwe-no-inherit

prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN|PR_MDWE_NO_INHERIT, 0, 0, 0) = 0
