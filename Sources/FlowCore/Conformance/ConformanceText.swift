/// What the suite tells of what was sent and received.
public enum ConformanceText {
    /// Hides what must not be shown. Set for the time of a run by whoever knows of secrets.
    @TaskLocal public static var redact: @Sendable (String) -> String = { $0 }
}
