// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Wrong use that the compiler finds. misuse.sh looks for the sentence after
// "expect:" among the errors; each of them is that of a static_assert.

#include <lsr/dealii.h>

#include <deal.II/fe/mapping_q1.h>
#include <deal.II/lac/sparse_matrix.h>

using namespace dealii;

struct WithoutVmult
{};

// Vectors of a type that the library does not have.
// expect: the vectors of a residual may be Vector<double>
void
wrong_vector(const DoFHandler<2> &dof_handler)
{
  const SparseMatrix<float> matrix;
  const Vector<float>       rhs;
  lsr::LinearResidual       residual(dof_handler, matrix, rhs);
}

// Not a matrix.
// expect: the matrix of a residual needs a member function vmult(y, x) const
void
no_vmult(const DoFHandler<2> &dof_handler)
{
  const WithoutVmult   matrix;
  const Vector<double> rhs;
  lsr::LinearResidual  residual(dof_handler, matrix, rhs);
}

// A mapping of another dimension.
// expect: the mapping and the DoFHandler have different dimensions
void
wrong_mapping(const DoFHandler<2>                   &dof_handler,
              const lsr::Network                    &network,
              lsr::CallbackResidual<Vector<double>> &residual)
{
  lsr::refine(network, MappingQ1<3>(), dof_handler, residual, 100);
}

// A function of another dimension.
// expect: boundary values are a dealii::Function of the dimension of space
void
wrong_function(const DoFHandler<2> &dof_handler)
{
  lsr::CallbackResidual<Vector<double>> residual(dof_handler,
                                                 Functions::ZeroFunction<3>());
}

// A function that assembles, but wants arguments.
// expect: assemble is to be called without arguments
void
wrong_assembly(const DoFHandler<2> &dof_handler)
{
  const SparseMatrix<double>      matrix;
  const AffineConstraints<double> constraints;
  Vector<double>                  rhs, solution;
  lsr::NewtonResidual             residual(
    dof_handler, constraints, matrix, rhs, solution, [](const double) {});
}

// A residual that is none.
// expect: refine() needs a LinearResidual, NewtonResidual or CallbackResidual
void
wrong_residual(const DoFHandler<2> &dof_handler, const lsr::Network &network)
{
  SparseMatrix<double> matrix;
  lsr::refine(network, dof_handler, matrix, 100);
}

// The name of a file.
// expect: refine() needs a network, not the name of a file
void
wrong_network(const DoFHandler<2>                   &dof_handler,
              lsr::CallbackResidual<Vector<double>> &residual)
{
  lsr::refine("network.pt", dof_handler, residual);
}

// A network function, where the network is wanted, of another dimension.
// expect: the network function has another dimension than the mapping or
// DoFHandler
void
wrong_network_function(const DoFHandler<2>                   &dof_handler,
                       const lsr::NetworkFunction<3>         &surrogate,
                       lsr::CallbackResidual<Vector<double>> &residual)
{
  lsr::refine(surrogate, dof_handler, residual, 100);
}
