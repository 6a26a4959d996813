import Glibc

/// A process that was started with its output in a file, a pipe or nowhere.
///
/// `Foundation.Process` watches its children with `select`, which cannot take the many descriptors of these tests.
struct ChildProcess: Sendable {
    let identifier: pid_t

    struct DidNotStart: Error { let code: Int32 }

    /// Starts a program, looked up in the path.
    ///
    /// - Parameter output: The descriptors for the standard output and error; negative for nowhere.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], output: Int32, error: Int32
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, target) in [(output, Int32(1)), (error, Int32(2))] {
            if descriptor < 0 {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0)
            } else {
                posix_spawn_file_actions_adddup2(&actions, descriptor, target)
            }
        }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var identifier = pid_t()
        let code = posix_spawnp(&identifier, program, &actions, nil, &words, &variables)
        guard code == 0 else { throw DidNotStart(code: code) }
        self.identifier = identifier
    }

    /// Blocks until the end.
    ///
    /// - Returns: the exit code, or the signal as a negative number.
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    }
}
