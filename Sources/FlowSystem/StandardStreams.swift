import Glibc

/// The streams that a process is born with.
package enum StandardStreams {
    /// Writes to the standard output at once.
    package static func write(_ text: String) { write(text, to: 1) }

    /// Writes to the standard error at once.
    package static func writeError(_ text: String) { write(text, to: 2) }

    /// Whether a person reads the standard error.
    package static var errorIsTerminal: Bool { isatty(2) == 1 }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(0, count))
        }
    }
}
