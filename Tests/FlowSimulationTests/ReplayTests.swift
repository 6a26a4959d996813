import FlowSimulation
import Foundation
import TestSupport
import Testing

/// That a seed is all that a simulation follows from.
@Suite("replaying a seed", .timeLimit(.minutes(5)))
struct ReplayTests {
    @Test("a seed that is simulated again gives the same trace and the same journals, byte for byte")
    func twice() {
        var traces: Set<UInt64> = []
        var journals = 0
        for seed in UInt64(1)...60 {
            let first = Simulation.run(seed: seed)
            let second = Simulation.run(seed: seed)
            #expect(first.trace == second.trace && first.steps == second.steps, "seed \(seed)")
            #expect(first.journal == second.journal, "seed \(seed)")
            traces.insert(first.trace)
            // A few seeds have all their runs refused.
            if !first.journal.isEmpty { journals += 1 }
        }
        #expect(traces.count == 60 && journals > 45)
    }

    @Test("two processes, whose hashes differ, simulate a seed alike")
    func twoProcesses() async throws {
        let program = URL(filePath: ServerProcess.binary).deletingLastPathComponent()
            .appending(path: "flowcore-simulate").path()
        let arguments = ["--first", "1000", "--seeds", "60", "--traces"]
        let first = try await command(program, arguments)
        let second = try await command(program, arguments)
        #expect(first.code == 0 && first.output.contains("seed 1059 trace "), "\(first)")
        #expect(first.output == second.output)
    }

    @Test("a seed that fails is printed with the command that replays it, and ends the program with a failure")
    func failure() async throws {
        let program = URL(filePath: ServerProcess.binary).deletingLastPathComponent()
            .appending(path: "flowcore-simulate").path()
        let result = try await command(program, ["--seeds", "40", "--sabotage", "repeat-completed"])
        #expect(result.code == 1)
        let line = try #require(result.output.split(separator: "\n").first { $0.contains("replay it with") })
        let seed = try #require(line.split(separator: " ").last)
        let words = "--verbose --sabotage repeat-completed --seeds 1 --first \(seed)"
        #expect(line == "seed \(seed) failed; replay it with: \(program) \(words)")
        let replay = try await command(program, words.split(separator: " ").map(String.init))
        #expect(replay.code == 1 && replay.output.contains("[once]"))
    }
}
