// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_fe_space_time_problems_h
#define lsr_tests_fe_space_time_problems_h

#include <lsr/fe/problem.h>

#include <memory>
#include <string>

namespace lsr::test
{
  // Sections of parameter files for evolutions on space-time meshes.

  inline std::string
  section(const std::string &name, const std::string &lines)
  {
    return "subsection " + name + "\n" + lines + "\nend\n";
  }


  inline std::string
  mesh(const std::string &arguments, const std::string &more = "")
  {
    return section("Mesh",
                   "set Grid generator = subdivided_hyper_rectangle\n"
                   "set Grid generator arguments = " +
                     arguments + "\nset Global refinements = 0\n" + more);
  }


  inline std::string
  element(const unsigned int degree)
  {
    return section("Finite element",
                   "set Finite element degree = " + std::to_string(degree) +
                     "\nset Petrov-Galerkin in time = true");
  }


  inline std::string
  burgers(const std::string &nu)
  {
    return section("Equation",
                   "set Constants = nu: " + nu +
                     "\nset Diffusion = nu, 0\nset Advection = u, 1\n"
                     "set Reference solution = burgers: nu\n"
                     "set Dirichlet conditions = 0: 0; 1: 0; 2: -sin(pi*x)");
  }


  /// The problem that a parameter file with the text @p input describes.
  inline std::unique_ptr<Problem<2>>
  make_problem(const std::string &input, MPI_Comm communicator = MPI_COMM_WORLD)
  {
    dealii::ParameterAcceptor::clear();
    auto  problem = std::make_unique<Problem<2>>(communicator);
    auto &prm     = dealii::ParameterAcceptor::prm;
    dealii::ParameterAcceptor::declare_all_parameters(prm);
    prm.parse_input_from_string(input);
    dealii::ParameterAcceptor::parse_all_parameters(prm);
    problem->setup();
    return problem;
  }
} // namespace lsr::test

#endif
