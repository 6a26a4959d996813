import Glibc

/// How many files and connections the process may have open.
public enum OpenFiles {
    /// Raises the process's own limit as far as the system allows, but no further than is of use.
    ///
    /// - Parameter wish: How many are needed.
    /// - Returns: how many may be open now.
    public static func allow(_ wish: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < UInt(wish), limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = min(UInt(wish), limit.rlim_max)
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
