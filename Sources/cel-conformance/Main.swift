import FlowExpressions
import FlowJSON
import FoundationEssentials
import Glibc

/// Runs every case of a folder and prints what passed, failed and was skipped, for each file.
@main
enum Main {
    /// The least share of the cases that are not skipped that has to pass.
    private static let required = 0.97

    static func main() {
        guard CommandLine.arguments.count == 2 else {
            print("usage: cel-conformance DIRECTORY")
            exit(2)
        }
        do {
            let share = try run(CommandLine.arguments[1])
            exit(share >= required ? 0 : 1)
        } catch {
            print("cel-conformance: \(error)")
            exit(2)
        }
    }

    private static func run(_ directory: String) throws -> Double {
        var total = Counts()
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".json") }
        for name in names.sorted() {
            let data = try Data(contentsOf: URL(filePath: directory + "/" + name))
            guard case .array(let cases) = try JSONParser.parse(Array(data)) else {
                print("\(name): is no array of cases")
                continue
            }
            var counts = Counts()
            for json in cases {
                let single = ConformanceCase(json: json)
                let outcome = single.run()
                counts.add(outcome)
                total.add(outcome)
                if case .failed(let reason) = outcome { print("  \(single.id): \(reason)") }
            }
            print("\(name): \(counts)")
        }
        print("total: \(total), \((total.share * 1000).rounded() / 10) % of the cases not skipped")
        return total.share
    }

    private struct Counts: CustomStringConvertible {
        var passed = 0
        var failed = 0
        var skipped = 0

        mutating func add(_ outcome: ConformanceCase.Outcome) {
            switch outcome {
            case .passed: passed += 1
            case .failed: failed += 1
            case .skipped: skipped += 1
            }
        }

        var share: Double { passed + failed == 0 ? 0 : Double(passed) / Double(passed + failed) }

        var description: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }
    }
}
