extension FlowCoreServer {
    /// Why the server does not serve.
    public struct StartError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The reason, for operators.
        public let description: String

        init(_ description: String) { self.description = description }
    }
}
