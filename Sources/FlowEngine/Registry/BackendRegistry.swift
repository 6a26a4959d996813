public import FlowCore
import FlowJSON
public import Logging
import Synchronization

/// The backends by name. Registrations survive a restart.
public actor BackendRegistry {
    struct Table: Sendable {
        var backends: [BackendName: RegisteredBackend] = [:]
        var order: [BackendName] = []
        var draining: Set<BackendName> = []
        /// Those whose file is gone: they take no new runs, and go when those that use them have ended.
        var leaving: Set<BackendName> = []
        /// Whether runs end only because the server goes down.
        var isClosing = false
    }

    nonisolated let table = Mutex(Table())
    nonisolated let changeCount = ChangeCount()
    /// The backends that are part of the server.
    nonisolated let builtIn: [BackendName]
    let journal: any Journal
    let logger: Logger
    /// Names that are being registered or removed.
    private var changing: Set<BackendName> = []
    /// What is about to be registered, and counts as registered for whoever asks what wraps what.
    var coming: [BackendName: BackendRegistration] = [:]
    /// The types of backends that can be registered.
    public nonisolated let factories: [any BackendFactory]

    /// Makes a registry with the backends that are part of the server.
    public init(
        builtIn: [any Backend], factories: [any BackendFactory], journal: any Journal, logger: Logger
    ) async {
        self.journal = journal
        self.factories = factories
        self.logger = logger
        self.builtIn = builtIn.map(\.name)
        for backend in builtIn {
            let registration = BackendRegistration(name: backend.name, type: backend.type)
            let registered = await RegisteredBackend(
                registration: registration, backend: backend, isBuiltIn: true, changes: changeCount)
            table.withLock { table in
                table.backends[backend.name] = registered
                table.order.append(backend.name)
            }
        }
    }

    /// The backend of that name.
    public nonisolated func backend(_ name: BackendName) -> RegisteredBackend? {
        table.withLock { $0.backends[name] }
    }

    /// All backends in the order of their registration.
    public nonisolated var all: [RegisteredBackend] {
        table.withLock { table in table.order.compactMap { table.backends[$0] } }
    }

    /// Takes a backend for a run, and all that it wraps, so that they stay until the run has given them back.
    ///
    /// - Parameter users: Takes what was acquired, also when not all could be.
    /// - Returns: false when one of them is not there or is being removed.
    nonisolated func acquire(_ name: BackendName, into users: inout [RegisteredBackend]) -> Bool {
        table.withLock { Self.acquire(name, $0, &users) }
    }

    /// Everything that keeps a registration from taking runs, whatever they are: the one place where that is decided.
    ///
    /// Runs that have begun go on, and so does what is executed for runs that others plan.
    nonisolated func refusals(of backend: RegisteredBackend) -> [ValidationIssue] {
        var refusals = table.withLock { table in
            table.draining.isEmpty && table.leaving.isEmpty ? [] : Self.draining(backend.name, table)
        }
        if let reason = missingProof(of: backend) {
            refusals.append(ValidationIssue([], reason, code: .conformance))
        }
        return refusals
    }

    /// What keeps runs from a backend since it, or what it wraps, is being removed.
    private static func draining(_ name: BackendName, _ table: borrowing Table) -> [ValidationIssue] {
        if table.draining.contains(name) || table.leaving.contains(name) {
            return [ValidationIssue([], "the backend \"\(name)\" is being removed", code: .draining)]
        }
        return (table.backends[name]?.references ?? []).flatMap { draining($0, table) }
    }

    private static func acquire(
        _ name: BackendName, _ table: borrowing Table, _ users: inout [RegisteredBackend]
    ) -> Bool {
        guard !table.draining.contains(name), let backend = table.backends[name] else { return false }
        if users.contains(where: { $0 === backend }) { return true }
        backend.acquire()
        users.append(backend)
        for reference in backend.references {
            guard acquire(reference, table, &users) else { return false }
        }
        return true
    }

    /// Registers a backend.
    ///
    /// - Parameter replace: Whether a registration of the same name may be replaced; runs that use it keep the old one.
    /// - Throws: ``ServiceError`` when the name is taken or protected, or the configuration does not do.
    public func register(
        _ registration: BackendRegistration, replace: Bool
    ) async throws(ServiceError) -> RegisteredBackend {
        let earlier = backend(registration.name)
        if let earlier, earlier.isBuiltIn { throw .conflict("\"\(registration.name)\" is part of the server") }
        if let file = earlier?.registration.file { throw Self.belongs(registration.name, to: file) }
        if earlier != nil, !replace { throw .conflict("the name \"\(registration.name)\" is taken") }
        // The actor is free for others at every wait below: the name is kept from them until this is through.
        try claim(registration.name)
        coming[registration.name] = registration
        defer {
            changing.remove(registration.name)
            coming[registration.name] = nil
        }
        let registered = try await make(registration, isNew: true)
        do { try await journal.save(registration) } catch { throw ServiceError(error) }
        let replaced = insert(registered)
        if let replaced {
            retire(replaced)
            await refreshWrappers(of: registration.name)
        }
        return registered
    }

    /// Removes a backend.
    ///
    /// - Parameter drain: Whether to refuse new runs at once and wait for those that use it.
    /// - Throws: ``ServiceError`` when there is none, it is part of the server, or something uses it.
    public func unregister(_ name: BackendName, drain: Bool) async throws(ServiceError) {
        guard let registered = backend(name) else { throw .notFound("there is no backend \"\(name)\"") }
        if registered.isBuiltIn { throw .conflict("\"\(name)\" is part of the server and cannot be removed") }
        if let file = registered.registration.file, !table.withLock({ $0.leaving.contains(name) }) {
            throw Self.belongs(name, to: file)
        }
        let users = wrappers(of: name).map { "\"\($0)\"" }
        guard users.isEmpty else { throw .conflict("\"\(name)\" is wrapped by \(users.joined(separator: ", "))") }
        try claim(name)
        defer { changing.remove(name) }
        let isFree = table.withLock { table -> Bool in
            // By name: runs that began on an earlier registration may look this one up.
            guard registered.activeRuns == 0 || drain else { return false }
            table.draining.insert(name)
            return true
        }
        guard isFree else {
            throw .conflict(
                "\(registered.activeRuns) active runs use \"\(name)\"; cancel them or remove with drain=true")
        }
        await registered.uses.idle()
        let isClosing = table.withLock { table in
            if table.isClosing { table.draining.remove(name) }
            return table.isClosing
        }
        // The runs that used it have not ended: they go on after the next start.
        if isClosing { throw .unavailable("the server is going down") }
        // Nobody has replaced it meanwhile: the name is claimed.
        do { try await journal.removeRegistration(name) } catch {
            table.withLock { _ = $0.draining.remove(name) }
            throw ServiceError(error)
        }
        table.withLock { table in
            _ = changeCount.next()
            table.draining.remove(name)
            table.leaving.remove(name)
            table.backends[name] = nil
            table.order.removeAll { $0 == name }
        }
        retire(registered)
    }

    /// Keeps what is being removed: that no run uses it any more is because the server goes down.
    nonisolated func close() { table.withLock { $0.isClosing = true } }

    /// Gives back what the backends hold.
    public func shutdown() async {
        for registered in all { await registered.backend.shutdown() }
    }

    /// Keeps a name from being registered or removed by two callers at the same time.
    private func claim(_ name: BackendName) throws(ServiceError) {
        guard changing.insert(name).inserted else {
            throw .conflict("\"\(name)\" is being registered, or removed once the runs that use it have ended")
        }
    }

    /// Keeps a name from being registered anew or removed while `body` works with its backend.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` while that is under way; what `body` throws.
    func hold<Result: Sendable>(
        _ name: BackendName, _ body: @Sendable (RegisteredBackend) async throws(ServiceError) -> Result
    ) async throws(ServiceError) -> Result {
        try claim(name)
        defer { changing.remove(name) }
        guard let backend = backend(name) else { throw .notFound("there is no backend \"\(name)\"") }
        return try await body(backend)
    }

    private static func belongs(_ name: BackendName, to file: String) -> ServiceError {
        .conflict("\"\(name)\" is registered by the file \(file) of the server, and is changed there")
    }

    func make(
        _ registration: BackendRegistration, isNew: Bool
    ) async throws(ServiceError) -> RegisteredBackend {
        guard let factory = factories.first(where: { $0.type == registration.type }) else {
            let known = factories.map { "\"\($0.type)\"" }.joined(separator: ", ")
            let type = URLCredentials.hidden(in: registration.type)
            throw .invalid([ValidationIssue(["type"], "unknown type \"\(type)\"; known are \(known)")])
        }
        var issues = factory.validate(registration.config).map { $0.under(["config"]) }
        issues += referenceIssues(registration, factory)
        guard issues.isEmpty else { throw .invalid(issues) }
        do {
            let lookup: BackendLookup = { [weak self] name in
                self.flatMap { BackendView.backend(name, in: $0) }?.backend
            }
            let backend =
                isNew
                ? try await factory.makeBackend(registration, lookup: lookup)
                : try await factory.restoreBackend(registration, lookup: lookup)
            return await RegisteredBackend(
                registration: registration, backend: backend, isBuiltIn: false, changes: changeCount,
                references: factory.references(in: registration.config),
                uses: self.backend(registration.name)?.uses ?? UseCount())
        } catch {
            throw .invalid(error.issues.map { $0.under(["config"]) })
        }
    }

    /// Wrapped backends have to exist, and must not wrap this one in turn.
    private func referenceIssues(_ registration: BackendRegistration, _ factory: any BackendFactory)
        -> [ValidationIssue]
    {
        let names = factory.references(in: registration.config)
        let issues = names.compactMap { name -> ValidationIssue? in
            if name == registration.name { return ValidationIssue(["config"], "the backend wraps itself") }
            guard backend(name) != nil, !table.withLock({ $0.draining.contains(name) }) else {
                let known = all.map { "\"\($0.name)\"" }.joined(separator: ", ")
                return ValidationIssue(["config"], "there is no backend \"\(name)\"; there are \(known)")
            }
            guard let path = Wrapping.path(from: name, to: registration.name, wrapped) else { return nil }
            let cycle = ([registration.name] + path).map(\.rawValue).joined(separator: " -> ")
            return ValidationIssue(["config"], "the backends would form a cycle: \(cycle)")
        }
        guard issues.isEmpty, let large = excess(of: registration.name, names) else { return issues }
        let by = large == registration.name ? "" : " by \"\(large)\", which wraps it"
        return [
            ValidationIssue(
                ["config"],
                "too many wrapped backends\(by): those that it wraps, and those that they wrap in turn, each counted as "
                    + "often as it is reached, are more than \(Wrapping.maximum)")
        ]
    }

    /// The backends that one wraps, or is about to wrap.
    private func wrapped(by name: BackendName) -> [BackendName] {
        (coming[name] ?? backend(name)?.registration).map { references(of: $0) } ?? []
    }

    /// The backend that would wrap too much if one wrapped others: that one, or one that wraps it.
    private func excess(of name: BackendName, _ names: [BackendName]) -> BackendName? {
        var sizes = Wrapping.Sizes { $0 == name ? names : self.wrapped(by: $0) }
        return ([name] + all.map(\.name)).first { sizes.size(of: $0) > Wrapping.maximum }
    }

    func references(of registration: BackendRegistration) -> [BackendName] {
        factories.first { $0.type == registration.type }?.references(in: registration.config) ?? []
    }

    /// The backends that wrap one, or are about to, each once.
    private func wrappers(of name: BackendName) -> [BackendName] {
        let registered = all.filter { $0.references.contains(name) }.map(\.name)
        let others = coming.values.filter { references(of: $0).contains(name) }.map(\.name)
        return registered + others.filter { !registered.contains($0) }.sorted { $0.rawValue < $1.rawValue }
    }

    /// Has the backends that wrap one, by themselves or through others, be described anew.
    func refreshWrappers(of name: BackendName) async {
        var found: Set<BackendName> = [name]
        var waiting = [name]
        while let next = waiting.popLast() {
            for wrapper in all where wrapper.references.contains(next) && found.insert(wrapper.name).inserted {
                await wrapper.refresh()
                waiting.append(wrapper.name)
            }
        }
    }

    @discardableResult
    func insert(_ registered: RegisteredBackend) -> RegisteredBackend? {
        table.withLock { table in
            _ = changeCount.next()
            let earlier = table.backends.updateValue(registered, forKey: registered.name)
            guard let earlier else {
                table.order.append(registered.name)
                return nil
            }
            var wrapped: [RegisteredBackend] = []
            Self.collect(registered.references, table, &wrapped)
            registered.succeed(earlier, with: wrapped)
            return earlier
        }
    }

    /// The backends of these names and all that they wrap, each once.
    private static func collect(
        _ names: [BackendName], _ table: borrowing Table, _ found: inout [RegisteredBackend]
    ) {
        for name in names {
            guard let backend = table.backends[name], !found.contains(where: { $0 === backend }) else { continue }
            found.append(backend)
            collect(backend.references, table, &found)
        }
    }

    /// Shuts a replaced or removed backend down once no run can come to it any more.
    private func retire(_ replaced: RegisteredBackend) {
        // Unstructured, since it may take as long as the longest run; it holds nothing but the backend.
        Task {
            await replaced.drained()
            await replaced.backend.shutdown()
        }
    }
}
