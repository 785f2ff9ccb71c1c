// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr with bad input: one short message that names the culprit, exit status 1,
// and all files as they were before.
//
// A program takes most of a second to start, for the libraries it loads. Here
// every case is a child of this process, which has loaded them and has done
// nothing else.
//
// Without deal.II there are the subcommands that need none.

#include <lsr/network/fully_connected.h>
#include <lsr/refine/linear_case.h>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "applications/lsr/commands.h"
#ifdef LSR_WITH_DEALII
#  include "applications/lsr/finite_elements.h"
#endif
#include "support/messages.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  using Words = std::vector<std::string>;

  struct Outcome
  {
    /// The exit status, or minus the number of a signal.
    int         status;
    std::string out, err;
  };

  /// The main function of lsr.
  int
  run_lsr(Words arguments)
  {
    CLI::App app("", "lsr");
    Command  command;
    add_refine(app, command);
    add_fit(app, command);
#ifdef LSR_WITH_DEALII
    add_train(app, command);
#endif
    add_evaluate(app, command);
    arguments.insert(arguments.begin(), "lsr");
    std::vector<char *> pointers;
    for (std::string &argument : arguments)
      pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    return run_command(app, int(arguments.size()), pointers.data(), command);
  }

  /// Run @p action in a folder, in another process.
  template <typename Action>
  Outcome
  in_child(const TemporaryFolder &folder, const Action &action)
  {
    const TemporaryFolder log;
    const pid_t           child = fork();
    if (child == 0)
      {
        alarm(120);
        if (std::freopen("/dev/null", "r", stdin) == nullptr ||
            std::freopen(log.file("out").c_str(), "w", stdout) == nullptr ||
            std::freopen(log.file("err").c_str(), "w", stderr) == nullptr)
          _exit(99);
        std::filesystem::current_path(folder.path);
        const int status = action();
        std::cout << std::flush;
        std::fflush(nullptr);
        _exit(status);
      }
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            log.read("out"),
            log.read("err")};
  }

  Outcome
  run(const TemporaryFolder &folder, const Words &arguments)
  {
    return in_child(folder, [&]() { return run_lsr(arguments); });
  }

  Words
  operator+(Words a, const Words &b)
  {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  /// Settings of a parameter file, for the command line.
  Words
  set(const Words &settings)
  {
    Words arguments;
    for (const std::string &setting : settings)
      {
        arguments.push_back("--set");
        arguments.push_back(setting);
      }
    return arguments;
  }

  const std::string good_parameters =
    "set Dimension    = 2\n"
    "set Problem name = small\n"
    "subsection Equation\n"
    "  set Exact solution       = sin(pi*x) * sin(pi*y)\n"
    "  set Right hand side      = manufactured\n"
    "  set Dirichlet conditions = all: manufactured\n"
    "end\n"
    "subsection Mesh\n"
    "  set Grid generator           = hyper_cube\n"
    "  set Grid generator arguments = 0 : 1 : true\n"
    "  set Global refinements       = 3\n"
    "end\n"
    "subsection Finite element\n"
    "  set Finite element degree = 2\n"
    "end\n"
    "subsection Network\n"
    "  set File = network.pt\n"
    "end\n"
    "subsection LSR\n"
    "  set Directions = 60\n"
    "end\n"
    "subsection Output\n"
    "  set Folder   = results\n"
    "  set Pictures = false\n"
    "end\n";

  /// Lines of @p n points, which belong to the part @p part.
  std::string
  points(const unsigned int n, const unsigned int part)
  {
    std::ostringstream text;
    for (unsigned int i = 0; i < n; ++i)
      {
        const double x = std::fmod(0.37 * i, 1.), y = std::fmod(0.61 * i, 1.);
        text << x << ',' << y << ',' << std::sin(5 * x) * y << ',' << part
             << '\n';
      }
    return text.str();
  }

  /// Write an untrained network, and a case with it.
  int
  write_network_and_case()
  {
    FullyConnected layout;
    layout.widths         = {20, 20};
    const Network network = layout.build();
    network.save("network.pt");

    const std::size_t n = 289;
    const HostBlock   nodes("nodes", 2, n);
    LinearCase        problem;
    auto             &linearization     = problem.linearization;
    linearization.values                = std::vector<double>(n, 0.);
    linearization.residual              = std::vector<double>(n, -1.);
    linearization.jacobian.n_columns    = n;
    linearization.constraints.n_columns = n;
    for (std::size_t i = 0; i < n; ++i)
      {
        nodes(0, i) = std::fmod(0.37 * i, 1.);
        nodes(1, i) = std::fmod(0.61 * i, 1.);
        linearization.jacobian.add(i, 1.);
        linearization.jacobian.end_row();
      }
    problem.sampling.points = to_memory_space(nodes);
    std::ostringstream model;
    model << std::ifstream("network.pt", std::ios::binary).rdbuf();
    problem.model              = model.str();
    problem.basis.n_directions = 60;
    problem.save("good.h5");
    return 0;
  }

  /// Good inputs, and a run of each subcommand with them; bad inputs; results
  /// of an earlier run.
  class Refusals : public testing::Test
  {
  protected:
    static void
    SetUpTestSuite()
    {
      inputs                        = std::make_unique<TemporaryFolder>();
      const TemporaryFolder &folder = *inputs;
      ASSERT_EQ(in_child(folder, write_network_and_case).status, 0);
      expect_success({"refine", "good.h5"});
      folder.write("good.prm", good_parameters);
#ifdef LSR_WITH_DEALII
      finite_element_commands();
      expect_success({"refine", "good.prm"});
      expect_contains(folder.read("results/report.json"), "rank");
#endif

      folder.write("good.csv", points(40, 0) + points(10, 1));
      folder.write("new.csv", "0.5,0.25\n0.125,1\n");
      expect_success({"fit",
                      "network.pt",
                      "good.csv",
                      "--directions",
                      "20",
                      "--output",
                      "refined.pt"});
      expect_success(
        {"evaluate", "refined.pt", "new.csv", "--output", "values.csv"});

      const std::string network = folder.read("network.pt"),
                        problem = folder.read("good.h5");
      folder.write("empty.pt", "");
      folder.write("truncated.pt", network.substr(0, network.size() / 2));
      folder.write("text.pt", "This is not a network.\n");
      folder.write("truncated.h5", problem.substr(0, problem.size() / 2));
      folder.write("text.h5", "This is not a case.\n");
      folder.write("a_file", "This is a file, not a folder.\n");
      for (const std::string file :
           {"solution.vtu", "refined.pt", "comparison.csv", "report.json"})
        folder.write("results/" + file, "an earlier result\n");
    }

    static void
    TearDownTestSuite()
    {
      inputs.reset();
    }

    static void
    expect_success(const Words &arguments)
    {
      const Outcome outcome = run(*inputs, arguments);
      ASSERT_EQ(outcome.status, 0) << arguments[0] << ": " << outcome.err;
      EXPECT_EQ(outcome.err.find("error: "), std::string::npos) << outcome.err;
    }

    /// One message with all @p parts, and files as before.
    void
    refuses(const Words &arguments, const Words &parts) const
    {
      std::string line = "lsr";
      for (const std::string &argument : arguments)
        line += " '" + argument + "'";
      SCOPED_TRACE(line);
      const auto    before  = inputs->contents();
      const Outcome outcome = run(*inputs, arguments);
      EXPECT_EQ(outcome.status, 1);
      EXPECT_TRUE(inputs->contents() == before)
        << "files were changed or left behind";

      // Behind lines about progress, if there are any.
      const std::string begin = "lsr " + arguments[0] + ": error: ";
      const std::size_t start = ("\n" + outcome.err).find("\n" + begin);
      ASSERT_NE(start, std::string::npos) << outcome.err;
      const std::string message = outcome.err.substr(start);
      EXPECT_EQ(message.find(begin, 1), std::string::npos) << message;
      EXPECT_LE(std::count(message.begin(), message.end(), '\n'), 4) << message;
      for (const std::string part : {"frame #",
                                     "terminate called",
                                     "Stacktrace",
                                     "Traceback",
                                     "An error occurred in line"})
        EXPECT_EQ(message.find(part), std::string::npos) << message;
      for (const std::string &part : parts)
        expect_contains(message, part);
    }

    static void
    make_folder(const std::string &name)
    {
      std::filesystem::create_directories(inputs->path / name);
    }

    /// The same as refuses() for the good parameter file with some settings.
    void
    refine_refuses(const Words &settings, const Words &parts) const
    {
      refuses(Words{"refine", "good.prm"} + set(settings), parts);
    }

    static std::unique_ptr<TemporaryFolder> inputs;
  };

  std::unique_ptr<TemporaryFolder> Refusals::inputs;
} // namespace



#ifdef LSR_WITH_DEALII
TEST_F(Refusals, OfCommandLines)
{
  refuses({"refine"}, {"no parameter file", "--help"});
  refuses({"refine", "--colour"}, {"--colour"});
  refuses({"refine", "good.prm", "entry.prm"}, {"entry.prm"});
  refuses({"refine", "good.prm", "--set"}, {"--set"});
  refuses({"refine", "good.prm", "--device", "abacus"},
          {"device abacus", "auto, cpu or cuda expected"});
  refuses({"refine", "good.prm", "--threads", "100000"},
          {"--threads", "100000"});
}



TEST_F(Refusals, OfParameterFiles)
{
  refuses({"refine", "missing.prm"}, {"missing.prm", "no such file"});
  refuses({"refine", "results"}, {"results", "not a regular file"});
  const auto spoiled_by = [&](const std::string &lines, const Words &parts) {
    inputs->write("bad.prm", good_parameters + lines);
    refuses({"refine", "bad.prm"}, Words{"bad.prm"} + parts);
  };
  spoiled_by("subsection Mesh\n  set Global refinements = 3\n", {"subsection"});
  spoiled_by("subsection Mesh\n  set Colour = red\nend\n", {"Colour"});
  spoiled_by("subsection Paint\n  set Colour = red\nend\n", {"Paint"});
  spoiled_by("subsection Finite element\n"
             "  set Finite element degree = 99\nend\n",
             {"degree", "99"});
  spoiled_by("subsection Mesh\n  set Global refinements = many\nend\n",
             {"refinements", "many"});
  spoiled_by("Dear program,\n", {"Dear program"});
}



TEST_F(Refusals, OfSettings)
{
  refine_refuses({"Mesh/Colour=red"}, {"Mesh/Colour=red"});
  refine_refuses({"Paint/Colour=red"}, {"Paint"});
  refine_refuses({"Dimension"}, {"Dimension", "Section/Name=value"});
  refine_refuses({"Finite element/Finite element degree=99"},
                 {"Finite element degree=99"});
  refine_refuses({"Dimension=7"}, {"Dimension=7"});
}



TEST_F(Refusals, OfEquationsAndMeshes)
{
  refine_refuses({"Equation/Right hand side=sin("},
                 {"\"sin(\"", "Equation/Right hand side"});
  refine_refuses({"Equation/Right hand side=x + flux"},
                 {"\"x + flux\"", "\"flux\"", "Equation/Right hand side"});
  refine_refuses({"Equation/Exact solution="},
                 {"manufactured", "Equation/Exact solution"});
  refine_refuses({"Equation/Diffusion=-1"}, {"Equation/Diffusion", "-1"});
  refine_refuses({"Equation/Dirichlet conditions=9: 0"}, {"boundary id 9"});

  refine_refuses({"Mesh/Global refinements=0",
                  "Finite element/Finite element degree=1",
                  "LSR/Directions=3"},
                 {"all 4 degrees of freedom", "Global refinements"});

  refine_refuses({"Mesh/Grid generator=hyper_colour"}, {"hyper_colour"});
  refine_refuses({"Mesh/Grid generator arguments=red : blue"},
                 {"hyper_cube", "red : blue"});
  refine_refuses({"Mesh/Mesh file=missing.msh"}, {"missing.msh"});
  refine_refuses({"Mesh/Mesh file=a_file"}, {"a_file"});
}



TEST_F(Refusals, OfNetworks)
{
  refuses(Words{"refine",
                LSR_SOURCE "/applications/examples/poisson/poisson.prm"} +
            set({"Network/File=nowhere.pt", "Output/Folder=results"}),
          {"nowhere.pt", "no such file"});
  refine_refuses({"Network/File="}, {"Network/File"});
  refine_refuses({"Network/File=results"}, {"results", "not a regular file"});
  refine_refuses({"Network/File=empty.pt"}, {"empty.pt", "empty"});
  refine_refuses({"Network/File=truncated.pt"},
                 {"truncated.pt", "not a complete zip archive"});
  refine_refuses({"Network/File=text.pt"}, {"text.pt", "TorchScript"});
  refine_refuses({"Dimension=3"}, {"network.pt", "3 coordinates"});
  refine_refuses({"Network/Time=1"}, {"network.pt", "3 coordinates"});
  refine_refuses({"Network/Time=1 o'clock"}, {"Network/Time", "1 o'clock"});
  refine_refuses({"Network/Input shift=1, 2, 3"},
                 {"network.pt", "input shift", "3 entries"});
}



TEST_F(Refusals, OfSubspacesAndNorms)
{
  refine_refuses({"Mesh/Global refinements=2", "LSR/Directions=100"},
                 {"100 directions", "81"});
  refine_refuses({"Mesh/Global refinements=12", "LSR/Directions=600"},
                 {"600 directions", "501"});
  refine_refuses({"LSR/Directions=0"}, {"LSR/Directions=0"});
  refine_refuses({"LSR/Rank=61"}, {"rank 61", "60"});
  for (const std::string rank : {"0", "-1", "abc", "99999999999999999999"})
    refine_refuses({"LSR/Rank=" + rank}, {"LSR/Rank", "'" + rank + "'"});
  refine_refuses({"Mesh/Global refinements=4",
                  "LSR/Subspace=rsvd",
                  "LSR/Directions=600"},
                 {"600", "501 parameters"});
  refine_refuses({"LSR/Subspace=rsvd", "LSR/Sample points=20"},
                 {"60", "20 rows"});
  refine_refuses({"LSR/Subspace=rsvd",
                  "LSR/Residual subspace=true",
                  "LSR/Sample points=100"},
                 {"Sample points", "Residual subspace"});
  refine_refuses({"LSR/Subspace=magic"}, {"LSR/Subspace=magic"});
  refine_refuses({"LSR/Norm=sup"}, {"LSR/Norm=sup"});
  refine_refuses({"Finite element/Strong Dirichlet conditions=false"},
                 {"dual norm", "Dirichlet"});
}



TEST_F(Refusals, OfOutputsAndIterations)
{
  refine_refuses({"Output/Folder=a_file"}, {"'a_file'"});
  refine_refuses({"Output/Folder=a_file/results"}, {"'a_file/results'"});
  refine_refuses({"Output/Folder="}, {"output folder", "empty"});
  // Before the mesh, which would take minutes.
  const std::string fine = "Mesh/Global refinements=12";
  for (const std::string file :
       {"solution.vtu", "refined.pt", "comparison.csv", "report.json"})
    {
      make_folder("of_" + file + "/" + file);
      refine_refuses({"Output/Folder=of_" + file, fine},
                     {"of_" + file + "/" + file, "it is a folder"});
    }
  make_folder("taken/history.csv");
  refine_refuses({"Output/Folder=taken", "Iterations/Number=2", fine},
                 {"taken/history.csv", "it is a folder"});
  refine_refuses({"Network/File=results/refined.pt", fine},
                 {"results/refined.pt", "it is the input"});
  refine_refuses({"Output/Further refinements=-1"},
                 {"Further refinements", "-1"});
  refine_refuses({"Output/Further refinements=1",
                  "Mesh/Adaptive refinements=1"},
                 {"Further refinements", "Adaptive refinements"});
  refuses(Words{"refine", "good.prm", "--restart"} +
            set({"Iterations/Number=2"}),
          {"checkpoint.pt"});
}



TEST_F(Refusals, OfTraining)
{
  const auto train_refuses = [&](const Words &settings, const Words &parts) {
    refuses(Words{"train", "good.prm"} + set(settings), parts);
  };
  train_refuses({"Training/Activation=magic"}, {"Training/Activation=magic"});
  train_refuses({"Training/Hidden layers=20, 0"}, {"unit"});
  train_refuses({"Network/Mesh coordinates=true"},
                {"Network/Mesh coordinates", "lsr refine"});
  train_refuses({"Network/File=a_file/network.pt",
                 "Training/Hidden layers=20, 20",
                 "Training/Epochs=1"},
                {"'a_file/network.pt'"});
}



TEST_F(Refusals, OfInstances)
{
  const std::string name =
    LSR_SOURCE "/applications/examples/parametric/diffusion.prm";
  const auto instances_refuse = [&](const Words &settings, const Words &parts) {
    refuses(Words{"refine", name} +
              set(Words{"Mesh/Global refinements=4",
                        "LSR/Directions=200",
                        "Instances/Number=3",
                        "Output/Folder=" + inputs->file("out")} +
                  settings),
            parts);
  };
  const auto table = [&](const std::string &file, const std::string &text) {
    return "Instances/File=" +
           (text.empty() ? inputs->file(file) : inputs->write(file, text));
  };
  instances_refuse({table("missing.csv", "")}, {"missing.csv", "no such file"});
  instances_refuse({table("unknown.csv", "a1,a2,s1,s2,z9\n0,0,0.5,0.5,1\n"),
                    "Instances/Number=0"},
                   {"line 1: found 'z9'"});
  instances_refuse({table("words.csv",
                          "a1,a2,s1,s2\n0,0,0.5,0.5\n0,zero,0.5,0.5\n"),
                    "Instances/Number=0"},
                   {"line 3: found 'zero' for a2"});
  // Before the mesh, which would take minutes.
  std::string late = "a1,a2,s1,s2\n";
  for (unsigned int i = 0; i < 150; ++i)
    late += i == 148 ? "x+z9,0,0.5,0.5\n" : "0,0,0.5,0.5\n";
  instances_refuse({table("late.csv", late),
                    "Instances/Number=0",
                    "Instances/Inputs=s1, s2",
                    "Mesh/Global refinements=12"},
                   {"late.csv, line 150", "\"x+z9\""});
  make_folder("of_instances/instances.csv");
  instances_refuse({"Output/Folder=of_instances", "Mesh/Global refinements=12"},
                   {"of_instances/instances.csv", "it is a folder"});
  instances_refuse({"Instances/Inputs=a1, a2, s1, a3"},
                   {"Instances/Inputs: found 'a3'"});
  instances_refuse({"Instances/Inputs="}, {"Instances/Inputs is empty"});
  instances_refuse({"Instances/Inputs=a1, a2, s1"}, {"network.pt"});
  instances_refuse({"Instances/Reference=0, 0"},
                   {"Instances/Reference has 2 numbers"});
  instances_refuse({"Instances/Number=201"}, {"has only 200"});
  instances_refuse({"Network/Mesh coordinates=true"},
                   {"Network/Mesh coordinates"});

  const std::string family =
    "Instances/Family/File=" +
    inputs->write("family.csv", "a1,a2,s1,s2\n0,0,0.5,0.5\n0,0,0.4,0.5\n");
  instances_refuse({"Instances/Family/File=" + inputs->file("missing.csv")},
                   {"missing.csv", "no such file"});
  instances_refuse({family, "Instances/Family/Held out=2"},
                   {"Held out is 2", "family.csv", "which are 2"});
  instances_refuse({family, "Instances/File="}, {"Instances/File is empty"});
}



TEST_F(Refusals, OfExports)
{
  const auto export_refuses = [&](const Words &options, const Words &parts) {
    refuses(Words{"refine", "good.prm"} + options +
              Words{"--export-case", "refused.h5"},
            parts);
  };
  const Words of_norms = {"expected l2 or mass, or dual for a linear"};
  export_refuses(set({"LSR/Norm=sobolev"}), of_norms);
  export_refuses(set({"Equation/Advection=1, 0"}), of_norms);
  export_refuses(set({"Equation/Reaction=u^3"}), of_norms);
  export_refuses(set({"Iterations/Number=2"}), {"Iterations/Number is 2"});
  export_refuses(set({"LSR/Residual subspace=true"}),
                 {"LSR/Residual subspace"});
  export_refuses({"--restart"}, {"--restart"});
  export_refuses(set({"Network/File="}), {"Network/File"});
  refuses({"refine", "good.prm", "--export-case", ""}, {"name of a file"});
  refuses({"refine", "good.prm", "--export-mesh", ""}, {"name of a file"});
  refuses(Words{"refine", "good.prm"} + set({"Mesh/Adaptive refinements=1"}) +
            Words{"--export-mesh", "refused.h5"},
          {"--export-mesh", "Mesh/Adaptive refinements"});
  refuses(Words{"refine", "good.prm"} +
            set({"Network/Grid/Point file=points.csv",
                 "Network/Grid/Points=5, 5",
                 "Network/Grid/Inputs=1"}),
          {"Point file", "expected one of them"});
}



#else
TEST_F(Refusals, OfParameterFiles)
{
  refuses({"refine", "good.prm"},
          {"'good.prm' is no case (.h5)", "without deal.II"});
}
#endif



TEST_F(Refusals, OfCases)
{
  refuses({"refine", "no_such.h5"},
          {"no_such.h5: no such file", "--export-case"});
  refuses({"refine", "text.h5"}, {"text.h5: not an HDF5 file"});
  refuses({"refine", "truncated.h5"},
          {"truncated.h5: not an HDF5 file, or damaged"});
  const auto case_refuses = [&](const Words &options, const Words &parts) {
    refuses(Words{"refine", "good.h5"} + options, parts);
  };
#ifdef LSR_WITH_DEALII
  case_refuses({"--set", "Dimension=2"},
               {"--set is an option for parameter files"});
  refuses({"refine", "good.prm", "--rank", "3"},
          {"--rank is an option for cases"});
#endif
  case_refuses({"--subspace", "wonderful"}, {"wonderful", "structured"});
  case_refuses({"--precision", "float16"}, {"--precision float16", "mixed"});
  case_refuses({"--rank", "many"}, {"--rank many", "whole number"});
  case_refuses({"--rank", "0"}, {"--rank 0", "positive"});
  case_refuses({"--rank", "200"}, {"rank 200 exceeds", "60"});
  case_refuses({"--directions", "290"},
               {"290 directions for 289 residual rows"});
  case_refuses({"--output", "a_file/refined.pt"}, {"a_file", "folder"});
}



TEST_F(Refusals, OfFits)
{
  refuses({"fit"}, {"MODEL is required"});
  refuses({"fit", "network.pt"}, {"POINTS is required"});
  refuses({"fit", "no_such.pt", "good.csv"}, {"no_such.pt"});
  refuses({"fit", "good.csv", "good.csv"}, {"good.csv", "not"});
  const auto fit_refuses = [&](const Words &options, const Words &parts) {
    refuses(Words{"fit", "network.pt"} + options, parts);
  };
  const std::string good = inputs->read("good.csv");
  inputs->write("short_line.csv", good + "0.5\n");
  inputs->write("nan.csv", "nan,0.5,0.5,0\n" + good);
  inputs->write("only_tests.csv", points(20, 1));
  inputs->write("other_parts.csv", "0.5,0.5,0.5,7\n" + good);
  fit_refuses({"short_line.csv"},
              {"short_line.csv, line 51", "4 columns expected"});
  fit_refuses({"nan.csv"}, {"nan.csv, line 1", "finite number"});
  fit_refuses({"only_tests.csv"}, {"only_tests.csv", "nothing to fit"});
  fit_refuses({"other_parts.csv"}, {"other_parts.csv", "0 (fit), 1 (test)"});
  fit_refuses({"no_such.csv"}, {"no_such.csv"});

  const auto good_data_refuse = [&](const Words &options, const Words &parts) {
    fit_refuses(Words{"good.csv"} + options, parts);
  };
  good_data_refuse({"--device", "abacus"},
                   {"device abacus: auto, cpu or cuda expected"});
  const std::string other = device_name() == "cpu" ? "cuda" : "cpu";
  good_data_refuse({"--device", other},
                   {"device " + other, "built with a Kokkos"});
  inputs->write("two_outputs.csv", "0.5,0.5,1,2,0\n");
  fit_refuses({"two_outputs.csv", "--outputs", "2"}, {"1 outputs, expected 2"});
  good_data_refuse({"--directions", "41"},
                   {"41 directions for 40 residual rows"});
  good_data_refuse({"--directions", "20", "--rank", "30"},
                   {"rank 30 exceeds", "20"});
  good_data_refuse({"--rank", "many"}, {"--rank many", "whole number"});
  good_data_refuse({"--tikhonov=-1"}, {"--tikhonov -1"});
  good_data_refuse({"--select", "best"}, {"--select best", "gcv"});
  good_data_refuse({"--select", "validation", "--directions", "20"},
                   {"validation rows", "none"});
  good_data_refuse({"--subspace", "wonderful"}, {"wonderful", "structured"});
  good_data_refuse({"--subspace", "rsvd", "--precision", "float16"},
                   {"--precision float16", "mixed"});
  good_data_refuse({"--output", "good.csv/refined.pt"}, {"good.csv", "folder"});
  for (const std::string input : {"good.csv", "network.pt"})
    good_data_refuse({"--output", input}, {input, "it is the input"});
}



TEST_F(Refusals, OfEvaluations)
{
  refuses(
    {"evaluate", "refined.pt", "no_such.csv", "--output", "new_values.csv"},
    {"no_such.csv"});
  refuses({"evaluate", "text.pt", "new.csv", "--output", "new_values.csv"},
          {"text.pt", "not a TorchScript model"});
  refuses({"evaluate", "refined.pt", "new.csv"}, {"--output FILE expected"});
}



TEST_F(Refusals, OfAStandardOutputThatIsFull)
{
  std::vector<Words> programs = {
    {"refine", "good.h5"},
    {"fit", "network.pt", "good.csv", "--directions", "20"},
    {"evaluate", "refined.pt", "--help"}};
#ifdef LSR_WITH_DEALII
  programs.push_back({"refine", "good.prm"});
  programs.push_back({"refine", "good.prm", "--print-parameters"});
  programs.push_back({"train",
                      "good.prm",
                      "--set",
                      "Training/Epochs=1",
                      "--set",
                      "Network/File=other.pt"});
#endif
  for (const Words &arguments : programs)
    {
      SCOPED_TRACE(arguments[0] + " " + arguments.back());
      const Outcome outcome = in_child(*inputs, [&]() {
        if (std::freopen("/dev/full", "w", stdout) == nullptr)
          return 99;
        return run_lsr(arguments);
      });
      EXPECT_EQ(outcome.status, 1);
      expect_contains(outcome.err,
                      "error: the standard output cannot be written",
                      "No space left on device");
    }
}



TEST_F(Refusals, OfTooLittleMemoryForTheThreads)
{
  const Outcome outcome = in_child(*inputs, [&]() {
    std::size_t n_pages = 0;
    std::ifstream("/proc/self/statm") >> n_pages;
    const rlim_t bytes = n_pages * sysconf(_SC_PAGE_SIZE) + (100 << 20);
    const rlimit limit = {bytes, bytes};
    setrlimit(RLIMIT_AS, &limit);
    return run_lsr({"fit", "network.pt", "good.csv", "--threads", "2"});
  });
  EXPECT_EQ(outcome.status, 1);
  expect_contains(outcome.err,
                  "lsr fit: error: out of memory: 2 threads need",
                  "ulimit -v");
}



TEST_F(Refusals, OfLibrariesThatEndTheProgram)
{
  const auto expect_message = [&](const auto &library, const Words &parts) {
    const Outcome outcome = in_child(*inputs, [&]() {
      std::atexit([]() { _exit(1); }); // the objects here are the parent's
      return report_errors("lsr refine",
                           [&]() { Timer().run("solve", library); });
    });
    EXPECT_EQ(outcome.status, 1);
    for (const std::string &part : parts)
      expect_contains(outcome.err, part);
  };
  const std::string ended =
    "lsr refine: error: a library has ended the program in the stage 'solve'";
  expect_message([]() { std::exit(1); }, {ended});
  expect_message([]() { std::terminate(); }, {ended});
#ifdef LSR_WITH_MPI
  const auto finalize = []() {
    MPI_Init(nullptr, nullptr);
    report_finalization();
    MPI_Finalize();
  };
  expect_message(finalize, {ended});
#endif
  const auto run_out = []() { throw std::bad_alloc(); };
  expect_message([&]() noexcept { run_out(); },
                 {"lsr refine: error: out of memory", "in the stage 'solve'"});
}



TEST_F(Refusals, OfMemoryThatKokkosCannotHave)
{
  const Outcome outcome = in_child(*inputs, []() {
    return report_errors("lsr refine", []() {
      ensure_kokkos_initialized();
      const Column none("none", std::size_t(1) << 58);
    });
  });
  EXPECT_EQ(outcome.status, 1);
  expect_contains(outcome.err, "lsr refine: error: out of memory: Kokkos");
  EXPECT_EQ(outcome.err.find("Traceback"), std::string::npos);
}
