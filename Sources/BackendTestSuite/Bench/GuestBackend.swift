import FlowBackends
import FlowCore

/// A backend that the suite was lent: it is used like any other, and not shut down.
struct GuestBackend: DecoratingBackend {
    let guest: any Backend
    var name: BackendName { guest.name }
    var type: String { guest.type }
    var base: (any Backend)? { guest }

    func shutdown() async {}
}
