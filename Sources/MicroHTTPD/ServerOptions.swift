/// How the server listens, and the bounds it keeps.
package struct ServerOptions: Sendable {
    /// A certificate chain and its key, both as PEM text.
    package struct TLS: Sendable {
        /// The certificate chain.
        package var certificate: String
        /// The private key.
        package var key: String

        /// Makes a pair.
        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The address or name to listen on.
    package var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    package var port = 8080
    /// How many event loops share the connections.
    package var loops = 2
    /// How many connections may be open at the same time; more wait in the system's queue.
    package var maxConnections = 10_000
    /// The largest body in bytes.
    package var maxBodyBytes = 10 << 20
    /// How long a client may take to send a request's header, from its first line on.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a client may take to send a request's body.
    package var bodyTimeout: Duration = .seconds(60)
    /// How long a connection may be open without a complete request line.
    package var idleTimeout: Duration = .seconds(75)
    /// How long an answer may take that is not streamed.
    package var answerTimeout: Duration = .seconds(330)
    /// How long a client may take to accept the next part of an answer.
    package var sendTimeout: Duration = .seconds(60)
    /// The time by which deadlines are kept and requests are stamped.
    package var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Encryption; `nil` for none.
    package var tls: TLS?

    /// The largest request target in bytes.
    package static let maxTargetBytes = 4096
    /// The largest total of header fields in bytes.
    package static let maxFieldBytes = 8192
    /// The largest number of header fields.
    package static let maxFields = 100
    /// What the library keeps for each connection: enough for a request that is refused with a proper answer.
    /// The library clears all of it for every request, so it is no larger than that.
    static let connectionMemory = 20480

    /// Makes the defaults.
    package init() {}
}
