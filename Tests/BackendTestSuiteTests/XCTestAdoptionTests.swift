import BackendTestSuite
import XCTest

/// The suite adopted by a test of XCTest.
final class XCTestAdoptionTests: XCTestCase {
    func testABackendConforms() async throws {
        _ = try await ReferenceBackend.with { reference in
            try await BackendTestSuite(reference, samples: ReferenceBackend.samples).verify()
        }
    }
}
