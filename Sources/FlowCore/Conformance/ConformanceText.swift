/// What the suite tells of what was sent and received.
public enum ConformanceText {
    /// Hides what must not be shown. Set for the time of a run by whoever knows of secrets.
    @TaskLocal public static var redaction = Redaction { $0 }

    /// A text without what must not be shown.
    public struct Redaction: Sendable {
        // In a struct, since optimised code finds no type for a task-local value that is a bare function.
        private let apply: @Sendable (String) -> String

        /// Hides what `apply` hides.
        public init(_ apply: @escaping @Sendable (String) -> String) {
            self.apply = apply
        }

        /// The text as it may be shown.
        public func callAsFunction(_ text: String) -> String { apply(text) }
    }
}
