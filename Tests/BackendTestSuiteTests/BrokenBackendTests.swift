import BackendTestSuite
import FlowBackends
import FlowCore
import Testing

@Suite("each fault is caught by the case made for it", .timeLimit(.minutes(3)))
struct BrokenBackendTests {
    @Test("in a backend of this process", arguments: BrokenBackend.all)
    func broken(_ broken: BrokenBackend) async throws {
        let item = try #require(BackendTestSuite.cases.first { $0.id == broken.caughtBy })
        try await ReferenceBackend.with { reference in
            var broken = broken
            broken.reference = reference
            // What is right passes the very case that what is wrong fails.
            let right = try await item.check(reference, samples: ReferenceBackend.samples)
            #expect(
                right.outcome == (broken.caughtBy == "L0.streaming.undeclared" ? .skipped : .passed), "\(right.detail)")
            let error = await #expect(throws: ConformanceError.self) {
                try await item.check(broken, samples: ReferenceBackend.samples)
            }
            let detail = error?.report.results.first?.detail ?? ""
            #expect(detail.contains("expected: ") && detail.contains("received: "), "\(detail)")
        }
    }

    @Test("every group of faults that the levels promise has one")
    func catalogue() {
        let faults = Set(BrokenBackend.all.map(\.caughtBy) + BrokenService.all.map(\.caughtBy))
        for id in faults { #expect(BackendTestSuite.cases.contains { $0.id == id }, "\(id)") }
        #expect(BrokenBackend.all.count + BrokenService.all.count >= 40)
    }

    @Test("over the wire", arguments: BrokenService.all)
    func brokenService(_ broken: BrokenService) async throws {
        let item = try #require(BackendTestSuite.cases.first { $0.id == broken.caughtBy })
        try await BrokenService.with(broken) { url in
            let runner = ConformanceRunner(
                BackendTestSuite(url: url, samples: ReferenceBackend.samples), cases: [item])
            let result = try #require(try await runner.report().results.first)
            #expect(result.outcome == .failed, "\(result)")
            #expect(result.detail.contains("expected: ") && result.detail.contains("received: "), "\(result.detail)")
        }
    }

    @Test("a service without a fault passes all cases")
    func healthyService() async throws {
        try await BrokenService.with(BrokenService("none", caughtBy: "") { _, answer in answer }) { url in
            let report = try await BackendTestSuite(url: url, samples: ReferenceBackend.samples).verify()
            #expect(report.level == .l3)
        }
    }
}
