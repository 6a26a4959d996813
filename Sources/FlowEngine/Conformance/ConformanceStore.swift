public import FlowCore

/// Where runs of the conformance suite are kept. The engine states what it needs; a store implements it.
///
/// Whenever a registration is stored anew, the runs of its backend say nothing of it any more; when it is removed, they go
/// with it.
public protocol ConformanceStore: Sendable {
    /// Stores a run that begins, and removes the oldest ones of its backend beyond a number.
    ///
    /// - Returns: the run's place in the order of all.
    func begin(_ run: ConformanceRun, keeping count: Int) async throws(JournalError) -> Int64

    /// Stores how a run ended. One that is not there any more stays so.
    func end(_ run: ConformanceRun) async throws(JournalError)

    /// A run, or `nil` when its backend has none of that id.
    func conformanceRun(_ id: String, of backend: BackendName) async throws(JournalError) -> ConformanceRun?

    /// The runs of a backend, newest first, without their cases.
    ///
    /// - Parameter sequence: Only runs before this one.
    func conformanceRuns(
        of backend: BackendName, before sequence: Int64?, limit: Int
    ) async throws(JournalError) -> [ConformanceRun]

    /// Ends the runs that a crash has left.
    func interruptConformanceRuns(at instant: Timestamp) async throws(JournalError)

    /// For each backend the last run of its present registration, and the highest level that one of those has proven.
    func currentConformance() async throws(JournalError) -> [CurrentConformance]
}

/// What is known of a registration's conformance.
public struct CurrentConformance: Hashable, Sendable {
    /// The last run, without its cases.
    public var last: ConformanceRun
    /// The highest level that a run has proven.
    public var proven: ConformanceLevel?

    /// Makes it.
    public init(last: ConformanceRun, proven: ConformanceLevel?) {
        self.last = last
        self.proven = proven
    }
}
