// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// lsr evaluate network.pt problem.prm: a network on a mesh.

#include <lsr/base/atomic_file.h>
#include <lsr/fe/comparison.h>
#include <lsr/fe/error_message.h>
#include <lsr/fe/field_output.h>

#include <filesystem>

#include "applications/lsr/finite_elements.h"
#include "applications/lsr/parameter_file.h"
#include "applications/lsr/problem_case.h"

namespace lsr
{
  namespace
  {
    template <int dim>
    void
    evaluate_on_mesh_of(const MPI_Comm         world,
                        const std::string     &equation,
                        const EvaluateOptions &options)
    {
      ProblemCase<dim> run(world, equation);
      if (!read_parameters(options))
        return;
      namespace fs = std::filesystem;
      const std::string file =
        options.output_file.empty() ?
          (fs::path(run.parameters.output.folder) / "evaluated.vtu").string() :
          options.output_file;
      on_first_rank(world, [&]() {
        prepare_output_file(file, {options.model_file, options.file});
      });
      // The layout in the parameters belongs to the file that they name: what
      // was refined from it needs none.
      const Network network =
        run.parameters.network.load(options.model_file,
                                    run.parameters.network.time_value() ?
                                      dim + 1 :
                                      dim,
                                    run.problem.equation.n_components(),
                                    options.layout.get());
      run.network = network.unrefined();
      make_mesh(run);
      print_mesh(run.problem, run.pcout);

      const FEVector before = network_field(run);
      run.network           = network;
      const FEVector after  = network_field(run);
      NamedFields    fields = {{"network", &before}};
      if (network.is_refined())
        fields.emplace_back("refined", &after);
      const auto &discretization = run.problem.discretization;
      const auto  exact          = run.problem.equation.exact_solution();
      write_vtu(file,
                discretization.mapping(),
                discretization.dof_handler(),
                fields,
                exact.get());
      if (exact)
        for (const auto &[name, field] : fields)
          run.pcout << "relative L2 error, " << name << ": "
                    << compute_L2_error(discretization.mapping(),
                                        discretization.dof_handler(),
                                        *field,
                                        *exact)
                    << std::endl;
      run.pcout << "Written: " << file << std::endl;
    }
  } // namespace



  int
  evaluate_on_mesh(const std::string &program, EvaluateOptions &options)
  {
    return run_for_dimension(
      program,
      options,
      [&](const MPI_Comm world, const KindOfProblem &kind, const auto dim) {
        evaluate_on_mesh_of<decltype(dim)::value>(world,
                                                  kind.equation,
                                                  options);
      });
  }
} // namespace lsr
