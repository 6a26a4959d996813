/// How many servers handed on the work that is being done here.
///
/// Servers can be each other's backends. Each tells the next one the number, and refuses work that was handed on too
/// often, so that a loop of them ends. It goes with the task, since questions to a backend have no request to carry it.
public enum WireHops {
    /// The header field that carries the number.
    public static let header = "Flow-Hops"
    /// How often work may be handed on.
    public static let limit = 8
    /// How often it was; 0 for what began here.
    @TaskLocal public static var current = 0
}
