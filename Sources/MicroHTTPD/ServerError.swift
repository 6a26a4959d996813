import Glibc

/// Why the server cannot serve.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reason, for operators.
    package let description: String

    init(_ description: String) { self.description = description }

    /// The system's words for an error number.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
