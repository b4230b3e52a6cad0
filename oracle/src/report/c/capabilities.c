/* The system call, for which the library has no function. */
HELPER int set_capabilities(unsigned long effective, unsigned long permitted)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ effective, permitted, 0 },
		{ effective >> 32, permitted >> 32, 0 },
	};

	return syscall(SYS_capset, &header, data);
}

/* Keeps of these capabilities those that there are, and no others. */
HELPER void keep_capabilities(unsigned long kept)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		die("capget");
	kept &= data[0].permitted | (unsigned long)data[1].permitted << 32;
	if (set_capabilities(kept, kept))
		die("capset");
}
