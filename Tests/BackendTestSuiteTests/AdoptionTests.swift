import BackendTestSuite
import FlowBackends
import FlowCore
import Testing

@Suite("as the author of a backend adopts the suite", .timeLimit(.minutes(5)))
struct AdoptionTests {
    @Test("each case is a test", .serialized, arguments: BackendTestSuite.cases)
    func conforms(_ item: ConformanceCase) async throws {
        _ = try await ReferenceBackend.with { try await item.check($0, samples: ReferenceBackend.samples) }
    }

    @Test("all cases are one test, whose error is the report")
    func whole() async throws {
        try await ReferenceBackend.with { reference in
            try await BackendTestSuite(reference, samples: ReferenceBackend.samples).verify(upTo: .l1)
            var broken = try #require(BrokenBackend.all.first { $0.fault == "swallows errors" })
            broken.reference = reference
            let wrong = broken
            let error = await #expect(throws: ConformanceError.self) {
                try await BackendTestSuite(wrong, samples: ReferenceBackend.samples).verify(upTo: .l1)
            }
            let text = error?.description ?? ""
            #expect(text.contains("L1.errors.failed-result: ") && text.contains("\nreceived: "), "\(text)")
            #expect(!text.contains("L1.node.succeeds"))
        }
    }
}
