import Glibc

/// A thread of its own for what would block others.
package enum DetachedThread {
    /// Why there is no thread: the system's number for it.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The error number.
        package let code: Int32

        /// The system's words for it.
        package var description: String { String(cString: strerror(code)) }
    }

    private final class Start {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that ends when `body` returns.
    ///
    /// - Throws: ``Failure`` when the system has none left.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(Failure) {
        let start = Unmanaged.passRetained(Start(body))
        var identifier = pthread_t()
        let code = pthread_create(
            &identifier, nil,
            { context in
                // Safe because the object was retained for this thread alone, just before it was made.
                guard let context else { return nil }
                Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw Failure(code: code)
        }
        pthread_detach(identifier)
    }
}
