// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_soap_h
#define lsr_studies_soap_h

#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/dense/orthonormalization.h>

#include <KokkosBlas1_scal.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "applications/studies/training/layer_shapes.h"

namespace lsr_studies
{
  namespace internal
  {
    /// Eigenvectors of a running mean of symmetric matrices.
    struct Eigenvectors
    {
      explicit Eigenvectors(const std::size_t n)
        : mean(make_zero_block(n, n))
        , Q(identity(n))
      {}

      /// A step of orthogonal iteration.
      /// @return $Q^T$ times the new $Q$.
      Block
      iterate()
      {
        const std::size_t n = Q.extent(0);
        Block             W = make_block(n, n);
        multiply(1., 'N', mean, 'N', Q, 0., W);
        normalize_columns(W);
        const Orthonormalization result =
          orthonormalize(W, 1e-12, Pivoting::none, Communicator());
        if (result.n_columns < n)
          return identity(n);
        const Block rotation = make_block(n, n);
        multiply(1., 'T', Q, 'N', W, 0., rotation);
        Kokkos::deep_copy(Q, W);
        return rotation;
      }

      Block mean, Q;

    private:
      static Block
      identity(const std::size_t n)
      {
        const HostBlock I("lsr::HostBlock", n, n);
        for (std::size_t i = 0; i < n; ++i)
          I(i, i) = 1.;
        return to_memory_space(I);
      }

      /// Where nothing is known about a direction it stays.
      void
      normalize_columns(const Block &W) const
      {
        for (std::size_t j = 0; j < W.extent(1); ++j)
          {
            const Column w      = Kokkos::subview(W, Kokkos::ALL(), j);
            const double length = norm(w);
            if (length > std::numeric_limits<double>::min())
              KokkosBlas::scal(w, 1. / length, w);
            else
              Kokkos::deep_copy(w, Kokkos::subview(Q, Kokkos::ALL(), j));
          }
      }
    };



    /// Where entry $k$ of the weights and biases of a layer as one matrix
    /// (columns one after the other, the biases as its last row) is among the
    /// parameters.
    struct ParameterOfEntry
    {
      LayerShape shape;

      KOKKOS_INLINE_FUNCTION
      std::size_t
      operator()(const std::size_t k) const
      {
        const std::size_t i = k % (shape.n_inputs + 1),
                          j = k / (shape.n_inputs + 1);
        return shape.offset + (i < shape.n_inputs ?
                                 j * shape.n_inputs + i :
                                 shape.n_inputs * shape.n_outputs + j);
      }
    };



    /// Weights and biases of a layer as one matrix, (inputs + 1) x outputs.
    class SoapLayer
    {
    public:
      explicit SoapLayer(const LayerShape &shape)
        : shape(shape)
        , left(shape.n_inputs + 1)
        , right(shape.n_outputs)
      {
        for (Block *block :
             {&G, &work, &rotated, &first_moment, &second_moment})
          *block = make_zero_block(shape.n_inputs + 1, shape.n_outputs);
      }

      void
      read_gradient(const Column &gradient)
      {
        const ParameterOfEntry place{shape};
        const Block            G = this->G;
        Kokkos::parallel_for(
          "lsr::Soap::read_gradient",
          Kokkos::RangePolicy<ExecutionSpace>(0, G.size()),
          KOKKOS_LAMBDA(const std::size_t k) {
            G.data()[k] = gradient(place(k));
          });
      }

      void
      update_statistics()
      {
        multiply(1. - beta, 'N', G, 'T', G, beta, left.mean);
        multiply(1. - beta, 'T', G, 'N', G, beta, right.mean);
      }

      void
      rotate()
      {
        const Block by_left = left.iterate(), by_right = right.iterate();
        multiply(1., 'T', by_left, 'N', first_moment, 0., work);
        multiply(1., 'N', work, 'N', by_right, 0., first_moment);
      }

      void
      update_moments()
      {
        multiply(1., 'T', left.Q, 'N', G, 0., work);
        multiply(1., 'N', work, 'N', right.Q, 0., rotated);
        const Block g = rotated, first = first_moment, second = second_moment;
        Kokkos::parallel_for(
          "lsr::Soap::update_moments",
          Kokkos::RangePolicy<ExecutionSpace>(0, g.size()),
          KOKKOS_LAMBDA(const std::size_t k) {
            const double value = g.data()[k];
            first.data()[k] += (1. - beta) * (value - first.data()[k]);
            second.data()[k] +=
              (1. - beta) * (value * value - second.data()[k]);
          });
      }

      void
      change(const Column &theta, const double rate, const double correction)
      {
        const ParameterOfEntry place{shape};
        const Block            step = rotated, first = first_moment,
                    second = second_moment;
        Kokkos::parallel_for(
          "lsr::Soap::step",
          Kokkos::RangePolicy<ExecutionSpace>(0, step.size()),
          KOKKOS_LAMBDA(const std::size_t k) {
            step.data()[k] = first.data()[k] / correction /
                             (std::sqrt(second.data()[k] / correction) + 1e-8);
          });
        multiply(1., 'N', left.Q, 'N', rotated, 0., work);
        multiply(1., 'N', work, 'T', right.Q, 0., rotated);
        Kokkos::parallel_for(
          "lsr::Soap::change",
          Kokkos::RangePolicy<ExecutionSpace>(0, step.size()),
          KOKKOS_LAMBDA(const std::size_t k) {
            theta(place(k)) -= rate * step.data()[k];
          });
        Kokkos::fence();
      }

      static constexpr double beta = 0.95;

    private:
      LayerShape   shape;
      Eigenvectors left, right;
      Block        G, work, rotated, first_moment, second_moment;
    };
  } // namespace internal



  /**
   * SOAP (Vyas et al., 2024): Adam in the eigenvectors of Shampoo's
   * preconditioner. For every layer with the gradient $G$ of its weights and
   * biases, running means of $G G^T$ and $G^T G$ have the eigenvectors $Q_L$
   * and $Q_R$; Adam acts on $Q_L^T G Q_R$. The eigenvectors follow the means by
   * one step of orthogonal iteration every ten steps.
   */
  class Soap
  {
  public:
    /// For networks of this layout.
    explicit Soap(const FullyConnected &layout)
    {
      for (const LayerShape &shape : layer_shapes(layout))
        layers.emplace_back(shape);
    }

    /// Change parameters against the @p gradient of the loss there.
    void
    step(const Column &theta, const Column &gradient, const double rate)
    {
      ++n_steps;
      const double correction_1 =
        1. - std::pow(internal::SoapLayer::beta, n_steps);
      for (internal::SoapLayer &layer : layers)
        {
          layer.read_gradient(gradient);
          layer.update_statistics();
          if (n_steps == 1)
            for (unsigned int i = 0; i < 10; ++i)
              layer.rotate();
          layer.update_moments();
          if (n_steps > 1) // the first step only makes the eigenvectors
            layer.change(theta, rate, correction_1);
          if (n_steps % 10 == 0)
            layer.rotate();
        }
    }

  private:
    unsigned int                     n_steps = 0;
    std::vector<internal::SoapLayer> layers;
  };
} // namespace lsr_studies

#endif
