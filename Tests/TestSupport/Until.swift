/// Waits until something is so that tells nobody when it becomes so. A pause between two looks lets the tests beside this
/// one get on.
///
/// - Throws: `CancellationError` when the test's time is up first, so that it fails alone and not the whole run with it.
package func until(
    isolation: isolated (any Actor)? = #isolation, _ isSo: () async throws -> Bool
) async throws {
    while try await !isSo() { try await Task.sleep(for: .milliseconds(1)) }
}
