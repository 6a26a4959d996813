import FlowCore
import FlowJSON
import Logging
import Synchronization

extension BackendRegistry {
    /// Makes the backends that were registered before the last stop, and those that the server's files hold.
    ///
    /// A file's registration takes the place of what the journal has under its name, whoever registered that. One whose
    /// file is gone takes no new runs, until ``removeLeaving()`` removes it. A registration of the API that cannot be made
    /// is logged and left out; one of a file keeps the server from starting.
    ///
    /// - Returns: what is wrong with the registrations of files; then nothing was stored.
    @discardableResult
    public func restore(
        declared: [BackendRegistration] = []
    ) async throws(JournalError) -> [DeclarationIssue] {
        let stored = try await journal.registrations()
        let names = Set(declared.map(\.name))
        let kept = stored.filter { !names.contains($0.name) }
        let files = DeclaredBackends(registrations: declared)
        let known = Dictionary((declared + kept).map { ($0.name, $0) }) { first, _ in first }
        var issues = files.nameIssues(builtIn: Set(builtIn))
        issues += files.cycleIssues { known[$0].map { references(of: $0) } ?? [] }
        issues += goneIssues(declared, kept: kept)
        guard issues.isEmpty else { return issues }
        let failed = await make(kept + declared)
        for (registration, error) in failed {
            guard let index = declared.firstIndex(where: { $0.name == registration.name }) else {
                logger.error(
                    "backend could not be restored",
                    metadata: [
                        "backend": "\(registration.name)", "type": "\(registration.type)", "error": "\(error)",
                    ])
                continue
            }
            let found = if case .invalid(let found) = error { found } else { [ValidationIssue([], "\(error)")] }
            issues += found.map { DeclarationIssue(index: index, issue: $0) }
        }
        guard issues.isEmpty else { return issues.sorted { $0.index < $1.index } }
        table.withLock { $0.leaving = Set(kept.filter { $0.file != nil }.map(\.name)) }
        for registration in declared where !stored.contains(registration) { try await journal.save(registration) }
        return []
    }

    /// What files wrap whose own file is gone, and which therefore goes as well.
    private func goneIssues(
        _ declared: [BackendRegistration], kept: [BackendRegistration]
    ) -> [DeclarationIssue] {
        let gone = Set(kept.filter { $0.file != nil }.map(\.name))
        return declared.enumerated().flatMap { index, registration in
            references(of: registration).filter(gone.contains).map { name in
                DeclarationIssue(
                    index: index,
                    issue: ValidationIssue(["config"], "the file that held the backend \"\(name)\" is gone"))
            }
        }
    }

    /// Makes backends, each behind those that it wraps.
    ///
    /// - Returns: those that cannot be made.
    private func make(
        _ registrations: [BackendRegistration]
    ) async -> [(registration: BackendRegistration, error: ServiceError)] {
        var waiting = registrations
        // One that wraps another may stand before it: what could not be made is tried again while others can be.
        while !waiting.isEmpty {
            var failed: [(registration: BackendRegistration, error: ServiceError)] = []
            for made in await makeTogether(waiting) {
                switch made.result {
                case .success(let backend): insert(backend)
                case .failure(let error): failed.append((made.registration, error))
                }
            }
            if failed.count == waiting.count { return failed }
            waiting = failed.map(\.registration)
        }
        return []
    }

    /// Makes backends at the same time, since those that are asked may take their time to answer.
    ///
    /// - Returns: what became of each, in the order of the registrations.
    private func makeTogether(_ registrations: [BackendRegistration]) async -> [MadeBackend] {
        await withTaskGroup(of: MadeBackend.self) { group in
            for (index, registration) in registrations.enumerated() {
                group.addTask {
                    // On its own line: of a result that is put together around the call, optimised code has lost the index.
                    let result = await self.result(of: registration)
                    return MadeBackend(index: index, registration: registration, result: result)
                }
            }
            var made: [MadeBackend] = []
            for await each in group { made.append(each) }
            return made.sorted { $0.index < $1.index }
        }
    }

    private func result(of registration: BackendRegistration) async -> Result<RegisteredBackend, ServiceError> {
        do throws(ServiceError) {
            return .success(try await make(registration, isNew: false))
        } catch {
            return .failure(error)
        }
    }

    /// Removes what files do not hold any more, once the runs that use it have ended: those that wrap others first. What
    /// a registration of the API wraps stays, and is looked at again at the next start.
    public func removeLeaving() async {
        while true {
            let waiting = table.withLock { $0.leaving }
            let free = waiting.sorted { $0.rawValue < $1.rawValue }.filter { name in
                !all.contains { $0.references.contains(name) }
            }
            guard !free.isEmpty else {
                for name in waiting.sorted(by: { $0.rawValue < $1.rawValue }) {
                    logger.error(
                        "backend cannot be removed: no file holds it, and another backend wraps it",
                        metadata: ["backend": "\(name)"])
                }
                return
            }
            // Each waits for its own runs alone.
            let isDone = await withTaskGroup(of: Bool.self) { group in
                for name in free { group.addTask { await self.remove(leaving: name) } }
                var isDone = true
                for await isRemoved in group where !isRemoved { isDone = false }
                return isDone
            }
            guard isDone else { return }
        }
    }

    private func remove(leaving name: BackendName) async -> Bool {
        do {
            try await unregister(name, drain: true)
            logger.notice("backend removed, since no file holds it any more", metadata: ["backend": "\(name)"])
            return true
        } catch {
            logger.error("backend cannot be removed", metadata: ["backend": "\(name)", "error": "\(error)"])
            return false
        }
    }
}

/// What became of one of the registrations that are made at the same time.
private struct MadeBackend: Sendable {
    let index: Int
    let registration: BackendRegistration
    let result: Result<RegisteredBackend, ServiceError>
}
