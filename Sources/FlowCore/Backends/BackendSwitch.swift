/// Another backend does a node's work than the one that was to do it.
public struct BackendSwitch: Hashable, Sendable {
    /// The backend that did not do it.
    public var from: BackendName
    /// The backend that does.
    public var to: BackendName
    /// What kept the first one from it.
    public var code: BackendError.Code
    /// The same, for people.
    public var reason: String

    /// Makes a switch.
    public init(from: BackendName, to: BackendName, code: BackendError.Code, reason: String) {
        self.from = from
        self.to = to
        self.code = code
        self.reason = reason
    }
}
