extension ConformanceReport {
    /// The report for people: each group on a line, and below it what failed and why, then what was skipped.
    ///
    /// - Parameter name: What was judged.
    public func text(name: String) -> String {
        var text = ""
        var groups: [(name: String, results: [ConformanceResult])] = []
        for result in results {
            let group = "\(result.level.rawValue) \(result.group)"
            if groups.last?.name != group { groups.append((group, [])) }
            groups[groups.count - 1].results.append(result)
        }
        for group in groups {
            let failed = group.results.filter { $0.outcome == .failed }
            let skipped = group.results.filter { $0.outcome == .skipped }
            let passed = group.results.count - failed.count - skipped.count
            var line = "\(failed.isEmpty ? "ok  " : "FAIL")  \(group.name): \(passed) passed"
            if !failed.isEmpty { line += ", \(failed.count) failed" }
            if !skipped.isEmpty { line += ", \(skipped.count) skipped" }
            text += line + "\n"
            for result in failed {
                text += "      \(result.id): \(result.title)\n"
                for line in result.detail.split(separator: "\n") { text += "        \(line)\n" }
            }
        }
        let skipped = results.filter { $0.outcome == .skipped }
        if !skipped.isEmpty {
            text += "\nskipped:\n"
            // One reason holds for many cases.
            var reasons: [(reason: String, ids: [String])] = []
            for result in skipped {
                if let index = reasons.firstIndex(where: { $0.reason == result.detail }) {
                    reasons[index].ids.append(result.id)
                } else {
                    reasons.append((result.detail, [result.id]))
                }
            }
            for (reason, ids) in reasons { text += "  \(reason)\n    \(ids.joined(separator: " "))\n" }
        }
        let reached = level.map { "level \($0.rawValue)" } ?? "no level"
        text += "\n\(name): \(reached) passed whole; \(count(.passed)) passed, \(count(.failed)) failed, "
        return text + "\(count(.skipped)) skipped\n"
    }
}
