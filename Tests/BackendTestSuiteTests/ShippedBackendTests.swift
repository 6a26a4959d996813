import BackendTestSuite
import FlowBackends
import FlowCore
import FlowJSON
import Testing

@Suite("the backends that ship pass the suite whole", .timeLimit(.minutes(2)))
struct ShippedBackendTests {
    @Test("native")
    func native() async throws {
        let calls = OutboundHTTP(policy: OutboundPolicy(allowsPrivate: true))
        let backend = NativeBackend(catalog: BuiltInNodeTypes.catalog(calls: calls))
        let result: Result<ConformanceReport, any Error>
        do { result = .success(try await BackendTestSuite(backend).verify()) } catch { result = .failure(error) }
        await calls.shutdown()
        let report = try result.get()
        print(report.text(name: "native"))
        #expect(report.count(.failed) == 0)
    }
}
