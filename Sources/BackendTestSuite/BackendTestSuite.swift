import FlowBackends
public import FlowCore

/// Judges a backend: whether it speaks the wire protocol, and whether runs on it go as they have to.
///
/// In a test of swift-testing one line adopts it:
/// ```swift
/// @Test(arguments: BackendTestSuite.cases) func conforms(_ item: ConformanceCase) async throws { try await item.check(MyBackend()) }
/// ```
/// and so it does in one of XCTest, or anywhere else:
/// ```swift
/// func testConformance() async throws { try await BackendTestSuite(MyBackend()).verify() }
/// ```
public struct BackendTestSuite: Sendable {
    let subject: Subject
    let samples: Samples

    /// Judges a backend of this process. Of a remote backend the service itself is judged.
    ///
    /// - Parameter samples: What its nodes do; those of the product's own node types need no mention.
    public init(_ backend: any Backend, samples: Samples = Samples()) {
        subject = Subject(backend)
        self.samples = samples
    }

    /// Judges a service that speaks the wire protocol.
    ///
    /// - Parameters:
    ///   - url: The base of its paths.
    ///   - fields: Header fields of every request, such as those that authenticate.
    ///   - samples: What its nodes do, beyond what its description tells.
    public init(url: String, fields: [(name: String, value: String)] = [], samples: Samples = Samples()) {
        subject = .service(base: url, fields: fields, calls: nil)
        self.samples = samples
    }

    /// Everything that is asked, in the order of the levels.
    public static let cases: [ConformanceCase] =
        descriptionCases + validationCases + executionCases + protocolCases + streamingShapeCases
        + nodeCases + sequenceCases + errorCases + stateCases + capabilityCases
        + parallelCases + isolationCases + retryCases + timeoutCases + cancellationCases + interruptCases
        + streamingCases
        + payloadCases + idempotencyCases
        + slowCases + lossCases + truncationCases + refusalCases + crashCases

    /// Tries all cases up to a level.
    ///
    /// - Throws: ``ConformanceError`` when one fails; ``ConformanceFailure`` when a service does not answer at all.
    @discardableResult
    public func verify(upTo level: ConformanceLevel = .l3) async throws -> ConformanceReport {
        let report = try await report(of: Self.cases.filter { $0.level <= level })
        guard report.hasPassed else { throw ConformanceError(report: report) }
        return report
    }

    /// Whether a pattern means a case up to a level: one that means none is a mistake of whoever wrote it.
    package static func hasCase(_ pattern: String, upTo level: ConformanceLevel) -> Bool {
        cases.contains { $0.level <= level && $0.matches(pattern) }
    }

    func report(of cases: [ConformanceCase]) async throws -> ConformanceReport {
        try await ConformanceRunner(self, cases: cases).report()
    }
}
