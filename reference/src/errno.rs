//! Error numbers by name.

use std::fmt;

/// An error number of the x86-64 Linux ABI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident = $value:literal),+ $(,)?) => {
        #[allow(missing_docs)] // the names are the documentation
        impl Errno {
            $(pub const $name: Errno = Errno($value);)+
        }
        const NAMES: &[(&str, i32)] = &[$((stringify!($name), $value)),+];
    };
}

errnos! {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, E2BIG = 7, EBADF = 9,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17,
    ENODEV = 19, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOSPC = 28, ERANGE = 34,
    EDEADLK = 35, ENAMETOOLONG = 36, ENOSYS = 38, EOVERFLOW = 75, EOPNOTSUPP = 95,
    EHWPOISON = 133,
}

impl Errno {
    /// The symbolic name, where this crate knows it.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(_, v)| *v == self.0).map(|(n, _)| *n)
    }

    /// The error with this symbolic name.
    pub fn from_name(name: &str) -> Option<Errno> {
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, v)| Errno(*v))
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "E{}", self.0),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
