package import FlowCore
import FlowJSON

extension RemoteBackend {
    /// Makes a backend of a service whose header fields are known, for those who judge it.
    ///
    /// - Parameter maxResponseBytes: The longest answer that is read.
    /// - Throws: `ValidationError` when the base is no URL that can be called.
    package convenience init(
        name: BackendName, base: String, fields: [(name: String, value: String)], calls: OutboundHTTP,
        clock: any WallClock, maxResponseBytes: Int
    ) throws(ValidationError) {
        let wrong = fields.enumerated().filter { !HeaderField.isAcceptable($1.name, $1.value) }
        guard wrong.isEmpty else {
            throw ValidationError(
                wrong.map { ValidationIssue(["fields", .position($0.offset)], "it cannot be sent as a header field") })
        }
        let configuration = try RemoteConfiguration(["url": .string(base)])
        let service = RemoteService(
            calls: calls, base: configuration.base, headers: fields, secrets: Secrets(),
            maxResponseBytes: maxResponseBytes)
        self.init(name: name, configuration, service: service, clock: clock)
    }

    /// Asks the service what it is and can do. One that does not say so properly is taken to be able to do nothing.
    package func learn() async { try? await describe() }

    /// Where the service is, with what is sent to it and how.
    package var wire: (base: String, fields: [(name: String, value: String)], calls: OutboundHTTP) {
        (service.base, service.headers, service.calls)
    }
}
