import ArgumentParser

/// The program.
@main
struct FlowCoreProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flowcore",
        abstract: "One workflow API, any execution backend.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, RunCommand.self, ValidateCommand.self, VerifyReceiptsCommand.self, HealthCommand.self,
            MeasureCommand.self, ConformanceCommand.self, WorkerCommand.self,
        ],
        defaultSubcommand: ServeCommand.self)
}

/// The version of the program.
enum Version {
    static let text = "0.1.0"
}
