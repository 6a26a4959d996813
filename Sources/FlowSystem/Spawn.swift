import CBridge
import Glibc

/// Starts processes.
enum Spawn {
    /// A process with its ends of what it is connected by.
    struct Child {
        let identifier: Int32
        /// The other end of its standard input and output.
        let socket: Int32
        /// Where its standard error can be read.
        let errors: Int32
    }

    /// Starts a program in a process group of its own, with nothing open but its standard streams.
    static func start(
        _ program: String, _ arguments: [String], _ environment: [String: String]
    ) throws(LineProcess.StartFailure) -> Child {
        var sockets: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &sockets) == 0 else {
            throw failure(errno)
        }
        var pipes: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pipes) == 0 else {
            let code = errno
            for descriptor in sockets { close(descriptor) }
            throw failure(code)
        }
        var size: Int32 = 1 << 20
        for descriptor in sockets {
            for option in [SO_SNDBUF, SO_RCVBUF] {
                setsockopt(descriptor, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
            }
        }
        var identifier = pid_t()
        let code = spawn(&identifier, program, arguments, environment, sockets[1], pipes[1])
        close(sockets[1])
        close(pipes[1])
        guard code == 0 else {
            close(sockets[0])
            close(pipes[0])
            throw failure(code)
        }
        return Child(identifier: identifier, socket: sockets[0], errors: pipes[0])
    }

    private static func spawn(
        _ identifier: inout pid_t, _ program: String, _ arguments: [String], _ environment: [String: String],
        _ socket: Int32, _ errors: Int32
    ) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, 0)
        posix_spawn_file_actions_adddup2(&actions, socket, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        flow_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: signals from a terminal are for the server, and what the process starts ends with it.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        return posix_spawnp(&identifier, program, &actions, &attributes, &words, &variables)
    }

    private static func failure(_ code: Int32) -> LineProcess.StartFailure {
        LineProcess.StartFailure(description: String(cString: strerror(code)))
    }
}

/// The variables of this process that others may know: none that could hold a secret.
package enum ProcessEnvironment {
    private static let names = [
        "PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    ]

    /// Those that are set.
    package static func harmless() -> [String: String] {
        var found: [String: String] = [:]
        for name in names { if let value = getenv(name) { found[name] = String(cString: value) } }
        return found
    }
}
