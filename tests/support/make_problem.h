// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_make_problem_h
#define lsr_tests_support_make_problem_h

#include <lsr/fe/problem.h>

#include <memory>
#include <string>

namespace lsr::test
{
  /// A section of a parameter file.
  inline std::string
  section(const std::string &name, const std::string &lines)
  {
    return "subsection " + name + "\n" + lines + "\nend\n";
  }

  /// The problem that a parameter file with the text @p input describes.
  template <int dim>
  std::unique_ptr<lsr::Problem<dim>>
  make_problem(const std::string &input,
               const std::string &equation     = default_equation,
               const MPI_Comm     communicator = MPI_COMM_WORLD)
  {
    dealii::ParameterAcceptor::clear();
    auto  problem = std::make_unique<lsr::Problem<dim>>(communicator, equation);
    auto &prm     = dealii::ParameterAcceptor::prm;
    dealii::ParameterAcceptor::declare_all_parameters(prm);
    prm.parse_input_from_string(input);
    dealii::ParameterAcceptor::parse_all_parameters(prm);
    problem->setup();
    return problem;
  }
} // namespace lsr::test

#endif
