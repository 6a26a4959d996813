public import FlowCore
public import FlowJSON

/// What somebody wants to know of a backend.
public struct ConformanceWish: Hashable, Sendable {
    /// The highest level that is tried.
    public var level: ConformanceLevel
    /// Which cases are tried; all when there is none.
    public var only: [String]
    /// The nodes that the backend is tried with, beside those that it tells itself.
    public var samples: JSONObject
    /// Whether what is proven counts where a proof is required. Whoever chooses the nodes that a backend is tried with
    /// chooses what proves it, which is for those to do who may do without a proof.
    public var opensGates = true

    /// Makes a wish.
    public init(level: ConformanceLevel = .l3, only: [String] = [], samples: JSONObject = JSONObject()) {
        self.level = level
        self.only = only
        self.samples = samples
    }
}

/// One try of a backend in the cases of the suite, as it stands or ended.
public struct ConformanceRun: Hashable, Sendable {
    /// Where it stands.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        /// Cases are being tried.
        case running
        /// Cases were tried, and none of them failed.
        case passed
        /// A case failed, or the backend could not be tried.
        case failed
        /// The server stopped before all cases were tried.
        case cancelled
        /// The server crashed before all cases were tried.
        case interrupted
    }

    /// Its id.
    public var id: String
    /// Its place in the order of all such runs.
    public var sequence: Int64 = 0
    /// The backend.
    public var backend: BackendName
    /// What was asked for.
    public var level: ConformanceLevel
    /// Which cases were asked for; all when there is none.
    public var only: [String]
    /// How many cases that are.
    public var total: Int
    /// Where it stands.
    public var status = Status.running
    /// What came of the cases that have been tried.
    public var report = ConformanceReport([])
    /// Whether what it proves counts where a proof is required. Of a run that was stored it is not known any more.
    public var opensGates = true
    /// Why the backend could not be tried.
    public var error: String?
    /// When it began.
    public var startedAt: Timestamp
    /// When it ended.
    public var endedAt: Timestamp?

    /// Makes a run that begins.
    public init(
        id: String, backend: BackendName, level: ConformanceLevel, only: [String], total: Int, startedAt: Timestamp
    ) {
        self.id = id
        self.backend = backend
        self.level = level
        self.only = only
        self.total = total
        self.startedAt = startedAt
    }

    /// The level that the backend has shown to hold: nothing unless all cases of a level were tried.
    public var proven: ConformanceLevel? {
        guard only.isEmpty, status == .passed || status == .failed else { return nil }
        return report.level
    }

    /// What it has proven where a proof is required.
    public var proof: ConformanceLevel? { opensGates ? proven : nil }
}
