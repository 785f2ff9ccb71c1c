// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_problem_case_h
#define lsr_applications_problem_case_h

#include <lsr/base/timer.h>
#include <lsr/fe/problem.h>
#include <lsr/network/network.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <deal.II/base/conditional_ostream.h>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "applications/lsr/parameter_file.h"
#include "applications/lsr/parameters.h"
#include "applications/lsr/program.h"

namespace lsr
{
  /// The problem of a parameter file with its network, and the results.
  template <int dim>
  struct ProblemCase
  {
    ProblemCase(const MPI_Comm world, const std::string &equation);

    const MPI_Comm             communicator;
    dealii::ConditionalOStream pcout;

    Problem<dim>      problem;
    ProgramParameters parameters;

    /// Nothing as long as it is still to be made.
    std::optional<Network> network;

    /// The nodes of the mesh in the coordinates that the network sees.
    Sampling nodes;

    Timer timer;

    /// The files of the output folder.
    std::vector<std::string> written;

    /// Say @p announcement, run @p action and note the time it takes.
    template <typename Action>
    decltype(auto)
    stage(const std::string &name,
          const std::string &announcement,
          Action           &&action)
    {
      pcout << announcement << std::endl;
      return timer.run(name, std::forward<Action>(action));
    }
  };



  /// Load the network of the parameter file, unless it is still to be made.
  template <int dim>
  void
  load_network(ProblemCase<dim> &run);

  /// The fields that a grid operator takes, of the present functions of the
  /// equation or of an instance in a file.
  template <int dim>
  Block
  grid_input(const ProblemCase<dim> &run, const std::size_t instance = 0);

  /// The nodes of the mesh in the coordinates that the network sees, or, for a
  /// grid operator, its input and the interpolation to the nodes.
  template <int dim>
  Sampling
  nodes(const ProblemCase<dim> &run);

  /// Make the mesh, refined by @p further_refinements more than the parameters
  /// say, and adapt it to the network, which is made where there is none.
  template <int dim>
  void
  make_mesh(ProblemCase<dim> &run, const unsigned int further_refinements = 0);

  /// Print the size of the mesh and of the finite-element space.
  template <int dim>
  void
  print_mesh(const Problem<dim>               &problem,
             const dealii::ConditionalOStream &pcout);

  /// The network at the nodes, or, with a @p correction, the refined network,
  /// as a finite-element field. Hanging nodes are between their neighbours.
  template <int dim>
  FEVector
  network_field(const ProblemCase<dim> &run, const Column &correction = {});

  /// Draw pictures of the files in the output folder, unless the parameters say
  /// no.
  template <int dim>
  void
  draw(ProblemCase<dim> &run);

  /// Print the names of the files that were written.
  template <int dim>
  void
  print_files(const ProblemCase<dim> &run);

  /// Refine all instances of a parameter file; see refine_instances.cc.
  template <int dim>
  void
  refine_instances(const MPI_Comm       world,
                   const CommandLine   &command_line,
                   const KindOfProblem &kind,
                   const std::integral_constant<int, dim>);
} // namespace lsr

#endif
