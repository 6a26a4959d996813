import FlowBackends
import FlowCore

/// What is judged.
enum Subject: Sendable {
    /// A backend in this process. The suite serves it on loopback for the cases of the wire protocol.
    case backend(any Backend)
    /// A service that speaks the wire protocol.
    case service(base: String, fields: [(name: String, value: String)], calls: OutboundHTTP?)

    /// The subject that a backend is: of a remote one the service itself is judged, not this server's way to it.
    init(_ backend: any Backend) {
        if let remote = backend as? RemoteBackend {
            let wire = remote.wire
            self = .service(base: wire.base, fields: wire.fields, calls: wire.calls)
        } else {
            self = .backend(backend)
        }
    }
}
