extension ConformanceReport {
    /// The report as JUnit's XML, which test services read: one suite for each group of a level.
    ///
    /// - Parameter name: What was judged.
    public func junit(name: String) -> String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"\(Self.escaped(name))\"\(Self.counts(results))>\n"
        var groups: [(name: String, results: [ConformanceResult])] = []
        for result in results {
            let group = "\(result.level.rawValue).\(result.group)"
            if groups.last?.name != group { groups.append((group, [])) }
            groups[groups.count - 1].results.append(result)
        }
        for group in groups {
            text += "  <testsuite name=\"\(Self.escaped(group.name))\"\(Self.counts(group.results))>\n"
            for result in group.results { text += Self.element(result) }
            text += "  </testsuite>\n"
        }
        return text + "</testsuites>\n"
    }

    private static func element(_ result: ConformanceResult) -> String {
        let name = "name=\"\(escaped(result.id)): \(escaped(result.title))\""
        let start =
            "    <testcase classname=\"\(result.level.rawValue).\(escaped(result.group))\" \(name) "
            + "time=\"\(seconds([result]))\""
        switch result.outcome {
        case .passed: return start + "/>\n"
        case .skipped:
            return start + ">\n      <skipped message=\"\(escaped(result.detail))\"/>\n    </testcase>\n"
        case .failed:
            let summary = result.detail.prefix { $0 != "\n" }
            return start
                + ">\n      <failure message=\"\(escaped(String(summary)))\">\(escaped(result.detail))</failure>\n"
                + "    </testcase>\n"
        }
    }

    private static func counts(_ results: [ConformanceResult]) -> String {
        let failed = results.count { $0.outcome == .failed }
        let skipped = results.count { $0.outcome == .skipped }
        return " tests=\"\(results.count)\" failures=\"\(failed)\" errors=\"0\" skipped=\"\(skipped)\" "
            + "time=\"\(seconds(results))\""
    }

    private static func seconds(_ results: [ConformanceResult]) -> String {
        let total = results.reduce(0) { $0 + Int($1.duration / .milliseconds(1)) }
        let rest = String(total % 1000)
        return "\(total / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// A text as XML's attributes and content can hold it. What no XML document may hold is made visible.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n": escaped += "&#10;"
            case "\t", "\r": escaped += "&#\(scalar.value);"
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
